/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sotto-media whose packets are sealed with the right keys and are wrong all the same: EVIL says how. It is the real one but for
 * what goes into the encryption: shapes, sources, giant, restless, reports. */
#include "media/gates.h"

#include <stdlib.h>
#include <string.h>

void __real_gates_watch(struct gates *gates, GstPad *rtp, GstPad *rtcp);
void __wrap_gates_watch(struct gates *gates, GstPad *rtp, GstPad *rtcp);

enum { HEAD = 12, POLITE = 60 /* packets before the first evil one */, SIZE = 65000 };

static char mode[16];

/* The environment is swept before anything else happens. */
__attribute__((constructor)) static void
remember(void)
{
	const char *evil = getenv("EVIL");

	g_strlcpy(mode, evil ? evil : "", sizeof mode);
}

static void
noise(guint8 *bytes, gsize size)
{
	for (gsize i = 0; i < size; i++)
		bytes[i] = g_random_int();
}

/* What is left when each is well enough for libsrtp to seal it: header, sources and extension inside the packet. */
static gsize
shape(guint8 *packet, gsize size, guint n)
{
	guint8 *body = packet + HEAD;

	switch (n % 14) {
	case 0: /* nothing */
		packet[0] = 0x80;
		return HEAD;
	case 1: /* padding longer than the packet */
		packet[0] = 0xa0;
		packet[size - 1] = 255;
		return size;
	case 2: /* padding of nothing */
		packet[0] = 0xa0;
		packet[size - 1] = 0;
		return size;
	case 3: /* fifteen sources and nothing else */
		packet[0] = 0x8f;
		return HEAD + 60;
	case 4: /* an extension whose elements are longer than it */
		packet[0] = 0x90;
		memcpy(body, "\xbe\xde\x00\x02\x3f\x4f\xff\xff\x00\x00\x0f\xff", 12);
		return size;
	case 5: /* two-byte elements likewise */
		packet[0] = 0x90;
		memcpy(body, "\x10\x00\x00\x02\x03\xff\x04\xff\x00\x00\x00\x00", 12);
		return size;
	case 6: /* an extension and no payload */
		packet[0] = 0x90;
		memcpy(body, "\xbe\xde\x00\x00", 4);
		return HEAD + 4;
	case 7: /* Opus: 48 frames of a size that is not there */
		packet[0] = 0x80;
		memcpy(body, "\xff\xff\xff\xff", 4);
		return HEAD + 4;
	case 8: /* Opus: one byte */
		packet[0] = 0x80;
		body[0] = 0x03;
		return HEAD + 1;
	case 9:
		packet[0] = 0x80;
		noise(body, size - HEAD);
		return size;
	case 10: /* as long as a datagram may be */
		packet[0] = 0x80;
		noise(body, SIZE - HEAD);
		return SIZE;
	case 11: /* a type that nobody agreed to */
		packet[1] = 77;
		return size;
	case 12: /* half an hour later */
		memset(packet + 4, 0xff, 4);
		return size;
	default: /* another source, that leaps */
		packet[2] = n * 4;
		packet[11] ^= 1;
		return size;
	}
}

/* A key frame's head says its size. */
static void
resize(guint8 *packet, gsize size, guint width, guint height)
{
	for (gsize i = HEAD; i + 7 <= MIN(size, 64); i++)
		if (!memcmp(packet + i, "\x9d\x01\x2a", 3)) {
			packet[i + 3] = width;
			packet[i + 4] = width >> 8;
			packet[i + 5] = height;
			packet[i + 6] = height >> 8;
			return;
		}
}

static gsize
spoil(guint8 *packet, gsize size, guint n)
{
	if (!strcmp(mode, "shapes") && n % 2)
		return shape(packet, size, n / 2);
	if (!strncmp(mode, "shape ", 6) && n % 2)
		return shape(packet, size, atoi(mode + 6));
	if (!strcmp(mode, "sources") && n % 4)
		noise(packet + 8, 4);
	if (!strcmp(mode, "giant"))
		resize(packet, size, 16383, 16383);
	if (!strcmp(mode, "restless"))
		resize(packet, size, g_random_int_range(1, 1280), g_random_int_range(1, 720));
	return size;
}

static GstBuffer *
spoiled(GstBuffer *buffer, guint n)
{
	gsize size = gst_buffer_get_size(buffer), left = size;
	GstBuffer *other = gst_buffer_new_allocate(NULL, SIZE, NULL);
	GstMapInfo map;

	gst_buffer_map(other, &map, GST_MAP_WRITE);
	memset(map.data, 0, SIZE);
	gst_buffer_extract(buffer, 0, map.data, SIZE);
	if (n >= POLITE || mode[0] == 'g' || mode[0] == 'r') /* of key frames the first may be the last */
		left = spoil(map.data, size, n);
	gst_buffer_unmap(other, &map);
	gst_buffer_set_size(other, left);
	gst_buffer_copy_into(other, buffer, GST_BUFFER_COPY_METADATA, 0, -1);
	return other;
}

static gboolean
spoil_one(GstBuffer **buffer, guint index, gpointer count)
{
	(void)index;
	GstBuffer *other = spoiled(*buffer, (*(guint *)count)++);
	gst_buffer_unref(*buffer);
	*buffer = other;
	return TRUE;
}

static GstPadProbeReturn
leaving(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	static guint count;

	(void)pad;
	(void)data;
	if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
		GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
		spoil_one(&buffer, 0, &count);
		GST_PAD_PROBE_INFO_DATA(info) = buffer;
	} else {
		GstBufferList *list = gst_buffer_list_make_writable(GST_PAD_PROBE_INFO_BUFFER_LIST(info));
		gst_buffer_list_foreach(list, spoil_one, &count);
		GST_PAD_PROBE_INFO_DATA(info) = list;
	}
	return GST_PAD_PROBE_OK;
}

/* Reports: a right beginning, then what comes. */
static GstPadProbeReturn
reporting(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
	GstBuffer *before = GST_PAD_PROBE_INFO_BUFFER(info), *buffer;
	static const guint8 types[] = { 200, 201, 202, 203, 204, 205, 206, 207 };
	static guint n;
	gsize size = 8 + g_random_int_range(0, 1000);
	GstMapInfo map;

	(void)pad;
	(void)data;
	if (strcmp(mode, "reports") != 0)
		return GST_PAD_PROBE_OK;
	buffer = gst_buffer_new_allocate(NULL, size, NULL);
	gst_buffer_map(buffer, &map, GST_MAP_WRITE);
	noise(map.data, size);
	map.data[0] = 0x80 | (g_random_int() & 0x3f);
	map.data[1] = types[n++ % G_N_ELEMENTS(types)];
	if (n % 3) { /* a length that fits, or one that does not */
		map.data[2] = (size / 4 - 1) >> 8;
		map.data[3] = size / 4 - 1;
	}
	gst_buffer_extract(before, 4, map.data + 4, 4);
	gst_buffer_unmap(buffer, &map);
	gst_buffer_unref(before);
	GST_PAD_PROBE_INFO_DATA(info) = buffer;
	return GST_PAD_PROBE_OK;
}

void
__wrap_gates_watch(struct gates *gates, GstPad *rtp, GstPad *rtcp)
{
	__real_gates_watch(gates, rtp, rtcp);
	gst_pad_add_probe(rtp, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, leaving, NULL, NULL);
	gst_pad_add_probe(rtcp, GST_PAD_PROBE_TYPE_BUFFER, reporting, NULL, NULL);
}
