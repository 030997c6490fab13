/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ncurses keeps no-break spaces where the picture is; after each of its frames the picture is drawn again where that took it away.
 * A picture that the terminal cannot take now is left out: the next one is not far. */
#include "ui/picture.h"

#include <string.h>

#include "call/calls.h"
#include "ui/pour.h"
#include "ui/probe.h"
#include "ui/render.h"
#include "ui/screen.h"

enum { RATE_NEAR = 15, RATE_FAR = 10, OWN_SHARE = 4, OWN_MIN = 6 };
/* Synchronised update: shown at once when it is whole. The cursor and its colours are kept, and it is not seen at work. */
#define BEGIN "\033[?2026h\0337\033[?25l"
#define END "\033[m\0338\033[?25h\033[?2026l"

int picture_renderer;

static struct {
	guint call; /* 0: nothing is shown */
	struct rectangle where;
	const struct renderer *renderer;
	bool wants_remote, wants_own;
	bool reserved, ready;                       /* ncurses has been told of the place; and has told the terminal */
	guint width, height, own_width, own_height; /* asked for */
	guint generation;                           /* of the screen, when it was last drawn there */
	struct pixels remote, own, canvas;
	gint64 remote_at, own_at;
	GString *bytes;
} picture;

guint
picture_rate(void)
{
	return probe_is_far() ? RATE_FAR : RATE_NEAR;
}

/* ---- drawing ---- */

static void
compose(void)
{
	const struct pixels *main = picture.remote.rgb ? &picture.remote : &picture.own;
	guint width, height;
	pixels_size(&picture.canvas, picture.width, picture.height);
	pixels_fit(main->width, main->height, picture.width, picture.height, &width, &height);
	pixels_blit(&picture.canvas, (picture.width - width) / 2, (picture.height - height) / 2, width, height, main);
	if (main == &picture.own || !picture.own.rgb)
		return;
	pixels_fit(picture.own.width, picture.own.height, picture.own_width, picture.own_height, &width, &height);
	pixels_blit(&picture.canvas, picture.width - width, picture.height - height, width, height, &picture.own);
}

static void
draw(void)
{
	if (!picture.ready || (!picture.remote.rgb && !picture.own.rgb) || !pour_can())
		return;
	if (picture.generation != screen_generation()) {
		picture.renderer->place(&picture.where);
		picture.generation = screen_generation();
	}
	compose();
	if (!picture.bytes)
		picture.bytes = g_string_new(NULL);
	g_string_assign(picture.bytes, BEGIN);
	gsize begun = picture.bytes->len;
	picture.renderer->draw(&picture.canvas, picture.bytes);
	if (picture.bytes->len == begun)
		return;
	g_string_append(picture.bytes, END);
	pour(picture.bytes->str, picture.bytes->len);
}

void
picture_flushed(void)
{
	if (!picture.reserved || (picture.ready && picture.generation == screen_generation()))
		return;
	if (!picture.ready)
		picture.generation = screen_generation() - 1;
	picture.ready = true;
	draw();
}

static bool
keep(struct pixels *pixels, const struct call_frame *frame)
{
	bool first = !pixels->rgb;
	pixels_size(pixels, frame->width, frame->height);
	memcpy(pixels->rgb, frame->rgb, (gsize)frame->width * frame->height * 3);
	return first;
}

bool
picture_take(const struct call_frame *frame)
{
	gint64 now = g_get_monotonic_time(), step = G_USEC_PER_SEC / picture_rate(), *at = NULL;
	if (!picture.call || frame->id != picture.call || !(frame->own ? picture.wants_own : picture.wants_remote))
		return false;
	/* It was asked for this size and so often: who sends more gets no more of us. */
	if (!frame->width || !frame->height || frame->width > PIXELS_WIDTH_MAX || frame->height > PIXELS_HEIGHT_MAX)
		return false;
	at = frame->own ? &picture.own_at : &picture.remote_at;
	if (now - *at < step / 2)
		return false;
	*at = now;
	bool first = keep(frame->own ? &picture.own : &picture.remote, frame);
	/* Ours waits for the next one of theirs, which is larger anyway. */
	if (!first && (!frame->own || now - picture.remote_at > 3 * step))
		draw();
	return first;
}

bool
picture_is_there(guint call)
{
	return call && picture.call == call && (picture.remote.rgb || picture.own.rgb);
}

/* ---- the place ---- */

static void
ask_for(bool own, guint width, guint height)
{
	guint *was_width = own ? &picture.own_width : &picture.width, *was_height = own ? &picture.own_height : &picture.height;
	bool wanted = own ? picture.wants_own : picture.wants_remote;
	*was_width = width;
	*was_height = height;
	call_picture(picture.call, own, wanted ? width : 0, wanted ? height : 0, picture_rate());
}

static void
ask_for_both(void)
{
	guint width, height;
	picture.renderer->size(&picture.where, &width, &height);
	ask_for(false, width, height);
	/* Alone ours has all the room; in the corner it has the shape of most cameras. */
	if (picture.wants_remote) {
		height = MAX(height / OWN_SHARE, OWN_MIN);
		width = MIN(width, height * 4 / 3);
	}
	ask_for(true, width, height);
}

/* What the terminal can is worth asking: there is a choice, or one that was made may be wrong. */
static bool
depends_on_terminal(void)
{
	return picture_renderer == PICTURE_AUTO || picture_renderer == PICTURE_KITTY || picture_renderer == PICTURE_SIXEL;
}

static void
known(void)
{
	if (depends_on_terminal())
		picture_options_changed();
}

const char *
picture_trouble(void)
{
	if (picture_renderer == PICTURE_NONE)
		return "pictures are off: /set video.renderer auto";
	/* Shown nevertheless: inside of tmux no answer comes through. */
	if (picture_renderer == PICTURE_KITTY && !probe_kitty())
		return "no picture? this terminal names no kitty graphics: /set video.renderer auto";
	if (picture_renderer == PICTURE_SIXEL && !probe_sixel())
		return "no picture? this terminal names no sixels: /set video.renderer auto";
	return NULL;
}

static bool
is_same(const struct rectangle *a, const struct rectangle *b)
{
	return a->row == b->row && a->col == b->col && a->rows == b->rows && a->cols == b->cols;
}

bool
picture_place(guint call, const struct rectangle *where, bool remote, bool own)
{
	if (depends_on_terminal())
		probe_ask(known);
	const struct renderer *renderer = render_choose(picture_renderer);
	if (!renderer || where->rows < 2 || where->cols < 4 || !(remote || own)) {
		picture_hide();
		return false;
	}
	bool moved = picture.call != call || picture.renderer != renderer || !is_same(&picture.where, where);
	bool others = picture.wants_remote != remote || picture.wants_own != own;
	if (moved) {
		picture_hide();
		picture.call = call;
		picture.where = *where;
		picture.renderer = renderer;
		picture.generation = screen_generation() - 1;
	}
	picture.wants_remote = remote;
	picture.wants_own = own;
	if (!remote)
		pixels_clear(&picture.remote);
	if (!own)
		pixels_clear(&picture.own);
	if (moved || others)
		ask_for_both();
	if (picture_is_there(call)) {
		if (!screen_reserve(where->row, where->col, where->rows, where->cols))
			picture.ready = false;
		picture.reserved = true;
	}
	return true;
}

void
picture_hide(void)
{
	if (!picture.call)
		return;
	g_autoptr(GString) bytes = g_string_new(NULL);
	picture.wants_remote = picture.wants_own = false;
	if (call_facts(picture.call)) {
		call_picture(picture.call, false, 0, 0, 0);
		call_picture(picture.call, true, 0, 0, 0);
	}
	picture.renderer->clear(bytes);
	if (bytes->len)
		screen_send(bytes->str);
	picture.call = 0;
	picture.reserved = picture.ready = false;
	pixels_clear(&picture.remote);
	pixels_clear(&picture.own);
	pixels_clear(&picture.canvas);
}

void
picture_options_changed(void)
{
	picture_hide();
	screen_repaint();
}

void
picture_stop(void)
{
	picture_hide();
	pour_stop();
	if (picture.bytes)
		g_string_free(g_steal_pointer(&picture.bytes), TRUE);
}
