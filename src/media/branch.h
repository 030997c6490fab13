/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hangs on a tee for a while. */
#pragma once

#include "api/error.h"

#include <gst/gst.h>

typedef struct Branch Branch;
/* Beside the tee in its bin, in GStreamer's words; still without anything that flows. */
Branch *branch_new(GstElement *tee, GError **error, const char *words, ...) G_GNUC_PRINTF(3, 4);
bool branch_start(Branch *branch, GError **error);
void branch_free(Branch *branch);
GstElement *branch_part(Branch *branch);
