/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a terminal is brought to show a picture: one row for each way. */
#pragma once

#include "ui/picture.h"
#include "ui/pixels.h"

struct renderer {
	/* The pixels that it wants for a rectangle. */
	void (*size)(const struct rectangle *where, guint *width, guint *height);
	/* What is on the terminal there is not known (any more). */
	void (*place)(const struct rectangle *where);
	/* Appends what shows the picture; nothing when it is there already. */
	void (*draw)(const struct pixels *picture, GString *out);
	/* Appends what takes it away, where blanks would not; and forgets what it holds. */
	void (*clear)(GString *out);
};
extern const struct renderer render_truecolor, render_256, render_16, render_mono, render_kitty, render_sixel;
/* What an option and the terminal lead to; NULL: none. */
const struct renderer *render_choose(enum picture_renderer wanted);
