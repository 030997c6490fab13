/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two windows at once, beside or above each other: the one that has the input, and one that is looked at. What is looked at does
 * not count as read. */
#pragma once

#include "ui/screen.h"
#include "ui/window.h"

enum split_way { SPLIT_BESIDE, SPLIT_ABOVE };

/* The current window comes first, and keeps the input. */
void split_open(enum split_way way, Window *other);
void split_close(void);
/* The other window is hidden, or comes back. */
void split_zoom(void);
/* The one without the input; NULL: there is none, or it is hidden. */
Window *split_other(void);
enum split_way split_way(void);

/* Divides the place of windows, and leaves a column or a row between the two; the row above each is for its title. False: there
 * is one window, or no room for two, and nothing is changed. */
bool split_divide(struct rectangle *own, struct rectangle *other);

/* window.c tells: another one got the input, one is gone. */
void split_switched(const Window *from, const Window *to);
void split_closed(const Window *window);
