/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log, as base sees it: see api/log.h for writing and base/base.h for opening. */
#pragma once

/* What GLib and GIO would print on the terminal goes to the log. */
void log_catch_glib(void);
