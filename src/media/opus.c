/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decoder keeps a packet for its repair of the next, and when it cannot be decoded it keeps it for ever: one malformed
 * packet would be the last that is heard. */
#include "media/opus.h"

enum { FRAME_MAX = 1275, TENTHS_MAX = 1200, FRAMES = 0x3f, PADDED = 0x40, VARIABLE = 0x80 };

/* Tenths of a millisecond that a frame of this configuration lasts. */
static guint
duration(guint8 head)
{
	static const guint silk[] = { 100, 200, 400, 600 }, hybrid[] = { 100, 200 }, celt[] = { 25, 50, 100, 200 };
	guint config = head >> 3;

	return config < 12 ? silk[config & 3] : config < 16 ? hybrid[config & 1] : celt[config & 3];
}

/* A length of one or two bytes (§3.2.1); false when they are not there. */
static bool
take_length(const guint8 **at, gsize *left, gsize *length)
{
	gsize bytes = *left && **at >= 252 ? 2 : 1;

	if (*left < bytes)
		return false;
	*length = bytes == 2 ? (*at)[1] * 4u + (*at)[0] : (*at)[0];
	*at += bytes;
	*left -= bytes;
	return true;
}

static bool
take_padding(const guint8 **at, gsize *left)
{
	gsize padding = 0;
	guint8 byte;

	do {
		if (!*left)
			return false;
		byte = *(*at)++;
		(*left)--;
		padding += byte == 255 ? 254 : byte;
	} while (byte == 255);
	if (padding > *left)
		return false;
	*left -= padding;
	return true;
}

/* All but the last say how long they are; without lengths all are equal. */
static bool
frames_fit(const guint8 *at, gsize left, guint frames, bool variable)
{
	gsize sum = 0, length;

	if (!variable)
		return left % frames == 0 && left / frames <= FRAME_MAX;
	for (guint i = 0; i + 1 < frames; i++) {
		if (!take_length(&at, &left, &length) || length > FRAME_MAX)
			return false;
		sum += length;
	}
	return sum <= left && left - sum <= FRAME_MAX;
}

bool
opus_fits(const guint8 *packet, gsize size)
{
	if (!size)
		return false;
	const guint8 *at = packet + 1;
	gsize left = size - 1;
	switch (packet[0] & 3) {
	case 0:
		return frames_fit(at, left, 1, false);
	case 1:
		return frames_fit(at, left, 2, false);
	case 2:
		return frames_fit(at, left, 2, true);
	default:
		break;
	}
	if (!left)
		return false;
	guint8 many = *at++;
	guint frames = many & FRAMES;
	left--;
	if (!frames || frames * duration(packet[0]) > TENTHS_MAX || ((many & PADDED) && !take_padding(&at, &left)))
		return false;
	return frames_fit(at, left, frames, many & VARIABLE);
}

static GstPadProbeReturn
bound(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
	GstMapInfo map;
	bool fits = false;

	(void)pad;
	(void)data;
	if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
		fits = opus_fits(map.data, map.size);
		gst_buffer_unmap(buffer, &map);
	}
	return fits ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

void
opus_bound(GstPad *pad)
{
	gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, bound, NULL, NULL);
}
