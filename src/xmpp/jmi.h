/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jingle message initiation on the wire (XEP-0353, urn:xmpp:jingle-message:0), as Dino, Conversations and browsers speak it. */
#pragma once

#include "api/stanza.h"

#define JMI_NS "urn:xmpp:jingle-message:0"

enum jmi_kind { JMI_NONE, JMI_PROPOSE, JMI_RINGING, JMI_PROCEED, JMI_ACCEPT, JMI_REJECT, JMI_RETRACT, JMI_FINISH, JMI_KINDS };

struct jmi {
	enum jmi_kind kind;
	const char *sid;         /* borrowed */
	bool audio, video;       /* of a proposal */
	bool other;              /* it proposes something that is no RTP session too, or only */
	guint32 device;          /* named in <proceed>, 0: none */
	const char *reason;      /* machine word, NULL: none */
	bool tie_break;          /* XEP-0353 §: rejected because of glare */
	const char *migrated_to; /* <finish> */
};
/* The JMI element of a message; false when there is none or it is malformed (a sid of 1 to JINGLE_SID_MAX bytes is needed).
 * call_ns: the provider's namespace of <device>. */
bool jmi_read(const Element *message, const char *call_ns, struct jmi *jmi);
Node *jmi_write(const struct jmi *jmi, const char *call_ns);
