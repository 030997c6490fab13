/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One source, either ratchet library: libomemo-c, or the libsignal-protocol-c that it was forked from. */
#pragma once

#include <curve.h>
#include <hkdf.h>
#include <key_helper.h>
#include <protocol.h>
#include <ratchet.h>
#include <session_builder.h>
#include <session_cipher.h>
#include <session_pre_key.h>
#include <session_record.h>
#include <session_state.h>
#include <signal_protocol.h>

#ifdef CIPHERTEXT_OMEMO_VERSION /* defined only by libomemo-c */
#define axo_load_session(store, record, address) \
	signal_protocol_session_load_session(store, record, address, CIPHERTEXT_CURRENT_VERSION)
#else
#define axo_load_session(store, record, address) signal_protocol_session_load_session(store, record, address)
#endif

/* The library's counted objects, freed like everything else of ours. */
static inline void
axo_unref(void *object)
{
	void **at = object;

	if (*at)
		signal_type_unref(*at);
}
#define axo_auto __attribute__((cleanup(axo_unref)))

static inline void
axo_buffer_free(signal_buffer **buffer)
{
	signal_buffer_bzero_free(*buffer);
}
#define axo_auto_buffer __attribute__((cleanup(axo_buffer_free))) signal_buffer
