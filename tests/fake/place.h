/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of a test's own, and the store in it. */
#pragma once

char *place_new(void);
/* With all that is in it, and its name is freed; NULL is none. */
void place_remove(char *place);
/* Opens the store there, always with the same key; the test ends when that fails. */
void place_store(const char *place);
