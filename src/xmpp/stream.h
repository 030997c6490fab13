/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream: from a JID to stanzas flowing (RFC 6120, XEP-0198). States are a table; nothing but this writes to the wire. */
#pragma once

#include "api/error.h"
#include "api/event.h"
#include "api/secret.h"
#include "api/stream.h"

enum stream_tls { STREAM_TLS_AUTO, STREAM_TLS_STARTTLS, STREAM_TLS_DIRECT };

/* What the stream must know; strings are borrowed for the call of stream_new and copied. */
struct stream_config {
	const char *jid;  /* bare */
	const char *host; /* NULL: SRV, then the domain */
	guint16 port;     /* 0: by SRV or 5222/5223 */
	enum stream_tls tls;
	const char *ca_file;     /* an extra trusted CA, NULL */
	const char *proxy;       /* socks5://user:pw@host:port, NULL */
	const char *fingerprint; /* SHA-256 of a certificate that a person typed, NULL */
};

/* What the stream remembers over processes, kept by its owner: resumption state, login strength, server key. */
struct stream_memory {
	char *(*get)(const char *account, const char *key);                   /* caller frees, NULL if absent */
	void (*put)(const char *account, const char *key, const char *value); /* value NULL forgets; joins the batch */
	void (*flush)(void);                                                  /* make it durable before returning */
};

/* Asked when a password is needed; answer with stream_password(), NULL gives up. */
typedef void (*stream_ask_password)(Stream *stream);

Stream *stream_new(const struct stream_config *config, const struct stream_memory *memory, stream_ask_password ask_password);
void stream_configure(Stream *stream, const struct stream_config *config); /* from the next connect on */
void stream_free(Stream *stream);

/* Start, and keep reconnecting with back-off and jitter until stream_disconnect(). EVENT_CONNECTION tells how it goes. */
void stream_connect(Stream *stream);
/* Closes cleanly and ends the server's session. EVENT_CONNECTION with CONNECTION_OFFLINE tells when it is done, in 2 s at most. */
void stream_disconnect(Stream *stream);
/* The same, but the server keeps the session for a later resume, in this process or the next (quit, lock). */
void stream_suspend(Stream *stream);
void stream_password(Stream *stream, const Secret *password);
bool stream_has_password(const Stream *stream); /* false again after the server refused it */
void stream_network_changed(void);              /* try waiting ones at once, check live ones */

/* The batch that stream_memory.put() joined is durable: acknowledgements that waited for it leave. The owner calls it after each
 * commit. */
void stream_committed(void);
/* That batch is lost: what it held is asked for again. */
void stream_batch_lost(void);
/* Is it saying goodbye, for two seconds at most? */
Stanza *
stream_taking(const Stream *stream); /* what is being taken from it right now, to be kept longer; borrowed, NULL outside of hooks */
bool stream_leaving(const Stream *stream);

/* Takes node. Offline: dropped, false. Counted for 0198. */
bool stream_send(Stream *stream, Node *node);
/* For the outbox: the 0198 sequence that the next stanza will have and the session it counts in (NULL without 0198);
 * stream_send_xml() then writes exactly this text. */
guint64 stream_next_sequence(const Stream *stream);
const char *stream_session(const Stream *stream);
bool stream_send_xml(Stream *stream, const char *xml);
/* After a resume in a new process: the server's h; the outbox re-sends what is above it. Meaningful during EVENT_CONNECTION with
 * resumed set: stanzas of this process are re-sent by the stream itself. */
guint64 stream_acknowledged(const Stream *stream);

/* The address of the server at the other end of the link, a literal; NULL offline or behind a proxy. */
const char *stream_server_ip(const Stream *stream);
/* A line each for /tls: version, cipher, mechanism, binding, chain, first seen. Caller frees with g_strfreev. */
char **stream_describe(const Stream *stream);
void stream_set_active(Stream *stream, bool active); /* XEP-0352, when the server offers it */

/* True if the server announced this stream feature (element name and namespace) after login. */
bool stream_feature(const Stream *stream, const char *name, const char *ns);
/* Forget the remembered login strength after the user asked for it. */
void stream_reset_memory(Stream *stream);
/* Owner's use: the Account above. */
void stream_set_owner(Stream *stream, gpointer owner);
gpointer stream_owner(const Stream *stream);
