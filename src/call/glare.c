/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Glare: both ends call at once, by messages, by sessions, or one by each (E07). It is one call, the one with the lower id, at both
 * ends; who dialled the other one has said yes already. */
#include "call/call.h"

#include <string.h>

Call *
glare_find(const char *account, const char *peer)
{
	Call *ours = call_with(account, peer, false);

	/* A yes to a call that runs is none to another one. */
	return ours && ours->state <= STATE_OFFERED ? ours : NULL;
}

/* What they do not know of is none of the two: it was not said yet, or by messages to a client that reads none. */
static bool
is_known_there(Account *account, const Call *ours, const struct call_input *in)
{
	return ours->initiated || (ours->proposed && (in->jmi || call_takes_proposals(account, in->from)));
}

bool
glare_is_ours(Account *account, const Call *ours, const struct call_input *in)
{
	/* XEP-0353 §6.1, XEP-0166 §7.2.16: by octets. */
	return is_known_there(account, ours, in) && strcmp(ours->sid, in->jmi ? in->jmi->sid : in->jingle->sid) < 0;
}

void
glare_give_way(Account *account, Call *ours, const struct call_input *in)
{
	struct jmi back = { .kind = JMI_RETRACT, .sid = ours->sid, .reason = "expired", .tie_break = true };

	/* A session that crossed theirs is refused by them; all else still rings there. */
	if (ours->initiated && in->jmi) {
		ours->reason_code = "expired";
		talk_terminate(ours);
		ours->reason_code = NULL;
	} else if (ours->proposed && !ours->initiated) {
		message_signal(account, SIGNAL_CALL, ours->peer, jmi_write(&back, NULL), NULL);
	}
	ours->quiet_end = true;
	call_fail(ours, "success", "%s called at the same time: that is one call", ours->peer);
	call_step(ours, INPUT_FAIL, NULL);
}
