/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys do. */
#pragma once

/* A key that is bound to nothing but itself, or a line to be run; text: what it writes, NULL for others. */
void keys_press(const char *name, const char *text);
void keys_stop(void); /* what is half done is dropped */
