/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes to and from the server: one read and one write under way, and what waits behind them. */
#include "xmpp/link.h"
#include "xmpp/transport-private.h"

enum { WRITE_SIZE = 64 * 1024, BACKLOG = 64 * 1024 * 1024 };

/* ---- reading ---- */

static void
on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	Transport *transport = data;
	g_autoptr(GError) error = NULL;
	gssize length = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);

	transport->reading = false;
	if (transport->closed)
		goto out;
	if (length > 0)
		link_acknowledge(transport->fd);
	if (length > 0 && transport->leaving) {
		transport_read_on(transport);
	} else if (length > 0) {
		transport->hooks->received(transport->data, transport->in, (size_t)length);
		if (!transport->closed)
			transport_read_on(transport);
	} else if (length == 0 || g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_EOF)) {
		transport_lose(transport, NULL);
	} else {
		g_autoptr(GError) why = NULL;
		fault(&why, FAULT_NETWORK, "the connection broke: %s", error->message);
		transport_lose(transport, why);
	}
out:
	transport_unref(transport);
}

void
transport_read_on(Transport *transport)
{
	if (transport->reading || transport->held || transport->shaking || !transport->stream)
		return;
	transport->reading = true;
	g_input_stream_read_async(g_io_stream_get_input_stream(transport->stream), transport->in, READ_SIZE, G_PRIORITY_DEFAULT,
		transport->cancellable, on_read, transport_ref(transport));
}

void
transport_hold(Transport *transport, bool hold)
{
	transport->held = hold;
	if (!hold && !transport->closed)
		transport_read_on(transport);
}

/* ---- writing: one write in flight ---- */

static void
on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	Transport *transport = data;
	g_autoptr(GError) error = NULL;
	gssize length = g_output_stream_write_bytes_finish(G_OUTPUT_STREAM(source), result, &error);

	transport->writing = false;
	if (!transport->closed && length < 0) {
		g_autoptr(GError) why = NULL;
		fault(&why, FAULT_NETWORK, "the connection broke: %s", error->message);
		transport_lose(transport, why);
	} else if (!transport->closed) {
		transport->written += (gsize)length;
		/* What TLS itself says, like its tickets, never comes up to on_read(): a server with Nagle's algorithm would hold
		 * its next words back until that is acknowledged, 40 ms later. */
		link_acknowledge(transport->fd);
		if (transport->written == transport->out->len) {
			g_byte_array_set_size(transport->out, 0);
			transport->written = 0;
		} else if (transport->written > WRITE_SIZE * 16) {
			g_byte_array_remove_range(transport->out, 0, (guint)transport->written);
			transport->written = 0;
		}
		transport_write_on(transport);
	}
	transport_unref(transport);
}

static void
on_closed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_output_stream_close_finish(G_OUTPUT_STREAM(source), result, NULL);
	transport_unref(data);
}

void
transport_write_on(Transport *transport)
{
	gsize waiting = transport->out->len - transport->written;
	GOutputStream *out;

	if (transport->writing || transport->shaking || !transport->stream)
		return;
	out = g_io_stream_get_output_stream(transport->stream);
	if (waiting) {
		/* A copy, because more may be appended, and moved, while this is under way. */
		g_autoptr(GBytes) piece = g_bytes_new(transport->out->data + transport->written, MIN(waiting, (gsize)WRITE_SIZE));
		transport->writing = true;
		g_output_stream_write_bytes_async(
			out, piece, G_PRIORITY_DEFAULT, transport->cancellable, on_written, transport_ref(transport));
	} else if (transport->finishing) {
		transport->finishing = false;
		transport->writing = true;
		g_output_stream_close_async(out, G_PRIORITY_DEFAULT, transport->cancellable, on_closed, transport_ref(transport));
	}
}

bool
transport_write(Transport *transport, const char *bytes, size_t length)
{
	if (transport->closed)
		return true; /* lost() is on its way or was told */
	if (transport->out->len - transport->written + length > BACKLOG)
		return false;
	g_byte_array_append(transport->out, (const guint8 *)bytes, (guint)length);
	transport_write_on(transport);
	return true;
}

void
transport_finish(Transport *transport)
{
	transport->finishing = true;
	if (!transport->closed)
		transport_write_on(transport);
}
