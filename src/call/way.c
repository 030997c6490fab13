/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses a call may tell: relays are asked of our own server, and a person where none is there or the settings say so.
 * Until this is settled nothing with an address leaves (J01). */
#include "account/account.h"
#include "api/ask.h"
#include "api/jid.h"
#include "call/call.h"
#include "xmpp/stream.h"

#include <gio/gio.h>
#include <string.h>

const char *const call_address_words[] = {
	[CALL_ADDRESS_RELAY] = "relay",
	[CALL_ADDRESS_ASK] = "ask",
	[CALL_ADDRESS_DIRECT] = "direct",
	NULL,
};

static char *
memory_key(const char *peer)
{
	return g_strconcat("call-address ", peer, NULL);
}

bool
call_set_address(Account *account, const char *peer, const char *word, GError **error)
{
	g_autofree char *key = memory_key(peer);

	if (word && !g_strv_contains(call_address_words, word))
		return fault(error, FAULT_INPUT, "an address is told by one of relay, ask, direct");
	memory_put(account_jid(account), key, word);
	return true;
}

enum call_address
call_address_for(Account *account, const char *peer)
{
	g_autofree char *key = memory_key(peer), *word = memory_get(account_jid(account), key);

	for (int i = 0; word && call_address_words[i]; i++)
		if (!strcmp(call_address_words[i], word))
			return i;
	return call_settings.address;
}

/* ---- who calls back ---- */

struct ticket {
	guint id, epoch;
};

static struct ticket *
ticket_new(Call *call)
{
	struct ticket *ticket = g_new(struct ticket, 1);

	*ticket = (struct ticket){ call->id, ++call->epoch };
	return ticket;
}

static Call *
ticket_call(const struct ticket *ticket)
{
	Call *call = call_by_id(ticket->id);

	return call && call->epoch == ticket->epoch ? call : NULL;
}

/* ---- the question ---- */

static void
on_choice(const char *choice, gpointer data)
{
	Call *call = ticket_call(data);
	Account *account = call ? call_account(call) : NULL;

	if (!account)
		return;
	call->question = 0;
	if (!choice || !strcmp(choice, "cancel")) {
		call_fail(call, "cancel", "the call was not made");
		call_step(call, INPUT_FAIL, NULL);
		return;
	}
	if (!strcmp(choice, "always"))
		call_set_address(account, call->peer, "direct", NULL);
	call->relay = !strcmp(choice, "relay");
	call_step(call, INPUT_WAY, NULL);
}

static enum input
ask_person(Call *call, bool has_relay)
{
	static const char *const without[] = { "cancel", "direct", "always", NULL };
	static const char *const with[] = { "relay", "direct", "always", "cancel", NULL };
	g_autofree char *text =
		has_relay
			? g_strdup_printf("Call %s through the relay of your server, or directly? A direct call shows them your IP "
					  "address",
				  call->peer)
			: g_strdup_printf(
				  "A call shows %s your IP address, since your server offers no relay: call directly?", call->peer);

	call->question = ask(call->account, call->peer, text, has_relay ? with : without, on_choice, ticket_new(call), g_free);
	return INPUT_NONE;
}

void
way_forget(Call *call)
{
	guint question = call->question;

	call->question = 0;
	call->epoch++;
	if (question)
		ask_withdraw(question);
}

/* ---- the relays ---- */

/* A proxy takes TCP alone. */
static bool
is_relay(const struct ext_service *service, bool proxied)
{
	bool tcp = !strcmp(service->transport, "tcp");

	return !strcmp(service->type, "turns") ? tcp : !strcmp(service->type, "turn") && (tcp || !proxied);
}

/* As MEDIA_START_TYPE wants them; sets call->has_relay. */
static void
keep_services(Call *call, const GArray *services, bool proxied)
{
	g_auto(GVariantBuilder) relays = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ssqsss)"));

	for (guint i = 0; i < services->len; i++) {
		const struct ext_service *service = &g_array_index(services, struct ext_service, i);

		g_variant_builder_add(&relays, "(ssqsss)", service->type, service->host, service->port, service->transport,
			service->user, service->password);
		call->has_relay |= is_relay(service, proxied);
	}
	g_clear_pointer(&call->relays, g_variant_unref);
	call->relays = g_variant_ref_sink(g_variant_builder_end(&relays));
}

/* Who meets on one machine shows nothing by it. */
static bool
is_loopback(const Account *account)
{
	const char *ip = stream_server_ip(account_stream((Account *)account));
	g_autoptr(GInetAddress) address = ip ? g_inet_address_new_from_string(ip) : NULL;

	return address && g_inet_address_get_is_loopback(address);
}

static bool
is_proxied(const Account *account)
{
	const char *proxy = account_get(account, "proxy");

	return proxy && *proxy;
}

static enum input
choose(Call *call, Account *account)
{
	enum call_address wish = call_address_for(account, call->peer);

	if (is_proxied(account)) {
		call->relay = true;
		return call->has_relay
			       ? INPUT_WAY
			       : call_fail(call, "media-error",
					 "%s uses a proxy, and its server offers no relay by TCP: nothing goes past the proxy",
					 call->account);
	}
	call->relay = call->has_relay && wish == CALL_ADDRESS_RELAY;
	if (call->relay || wish == CALL_ADDRESS_DIRECT || is_loopback(account))
		return INPUT_WAY;
	return ask_person(call, call->has_relay);
}

static void
on_services(Stream *stream, const GArray *services, const GError *error, gpointer data)
{
	Call *call = ticket_call(data);
	Account *account = call ? call_account(call) : NULL;
	enum input next;

	(void)stream;
	(void)error;
	if (!account)
		return;
	if (services)
		keep_services(call, services, is_proxied(account));
	next = choose(call, account);
	if (next != INPUT_NONE)
		call_step(call, next, NULL);
}

enum input
way_find(Call *call, const struct call_input *in)
{
	Account *account = call_account(call);

	(void)in;
	if (!account || !account_online(account))
		return call_fail(call, "gone", "%s is offline", call->account);
	extdisco_ask(account_stream(account), on_services, ticket_new(call), g_free);
	return INPUT_NONE;
}
