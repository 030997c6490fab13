/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every public header starts from: GLib, bool, and the mark of a function that plugins may call. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program hides its symbols; what bears this mark is exported to plugins (tests/exports.list). */
#define PUBLIC __attribute__((visibility("default")))
