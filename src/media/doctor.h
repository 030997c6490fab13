/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a call would meet on its way out: each STUN and TURN server is asked as a call would ask it. */
#pragma once

#include "base/medialink.h"

typedef struct Doctor Doctor;
/* Sends a MEDIA_REPORT for each server of start and one with step "done" at last. */
Doctor *doctor_new(MediaLink *link, GVariant *start);
void doctor_free(Doctor *doctor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Doctor, doctor_free)
