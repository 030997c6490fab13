/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of a call: the other side's, ours small in a corner, in a rectangle that the screen leaves alone. */
#pragma once

#include "api/call.h"
#include "ui/screen.h"

enum picture_renderer {
	PICTURE_AUTO,
	PICTURE_KITTY,
	PICTURE_SIXEL,
	PICTURE_TRUECOLOR,
	PICTURE_256,
	PICTURE_16,
	PICTURE_MONO,
	PICTURE_NONE,
};
extern int picture_renderer; /* option video.renderer */

/* Shown here from now on; the call is asked for pictures of the size that this takes. remote, own: which of them there are. False:
 * nothing is shown, there is no room or nobody wants it. */
bool picture_place(guint call, const struct rectangle *where, bool remote, bool own);
void picture_hide(void);
const char *picture_trouble(void); /* why nothing may be seen there, and what helps; NULL */
/* A piece of the screen has been drawn by ncurses: what it took away is drawn again. */
void picture_flushed(void);
/* True when the first one of a call came that is in place. */
bool picture_take(const struct call_frame *frame);
bool picture_is_there(guint call); /* something was shown since it got its place */
void picture_options_changed(void);
void picture_stop(void); /* the terminal is given away */
guint picture_rate(void);
