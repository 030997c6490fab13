/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Protection: what call.trust asks of a device, and what a contact once had and cannot lose unseen. */
#include "account/account.h"
#include "call/keys-private.h"

#define ONE(trust) (1u << (trust))

static const struct {
	const char *word;
	unsigned allows; /* trusts of the device that seals; TRUST_NONE: none does */
} rules[] = {
	[CALL_TRUST_ANY] = { "any", ONE(TRUST_NONE) | ONE(TRUST_UNDECIDED) | ONE(TRUST_TRUSTED) | ONE(TRUST_VERIFIED) },
	[CALL_TRUST_TRUSTED] = { "trusted", ONE(TRUST_TRUSTED) | ONE(TRUST_VERIFIED) },
	[CALL_TRUST_VERIFIED] = { "verified", ONE(TRUST_VERIFIED) },
};

bool
keys_rule_allows(int rule, enum trust trust)
{
	return rule >= 0 && rule < (int)G_N_ELEMENTS(rules) && rules[rule].allows & ONE(trust);
}

const struct e2ee_provider *
keys_provider(void)
{
	const struct e2ee_provider *provider = e2ee_provider();

	return provider && provider->call_namespace && provider->seal_for && provider->open_for && provider->own_device &&
			       provider->identity_key
		       ? provider
		       : NULL;
}

/* ---- what is remembered ---- */

char *
protection_sealed_key(const char *peer)
{
	return g_strdup_printf("call sealed %s", peer);
}

static char *
mixed_key(const CallKeys *keys)
{
	return g_strdup_printf("call mixed %u %s", keys->device, keys->peer);
}

static bool
is_remembered(const CallKeys *keys, const char *what)
{
	g_autofree char *value = memory_get(keys->account, what);

	return value != NULL;
}

/* Written once: the same row each time would be a write to the disk in each call. */
static void
put(const CallKeys *keys, const char *what)
{
	if (!is_remembered(keys, what))
		memory_put(keys->account, what, "yes");
}

void
protection_sealed(const CallKeys *keys)
{
	g_autofree char *what = protection_sealed_key(keys->peer);

	put(keys, what);
}

void
protection_mixed(const CallKeys *keys)
{
	g_autofree char *what = mixed_key(keys);

	put(keys, what);
}

/* ---- what may be ---- */

static bool
doubt(CallKeys *keys, enum doubt what)
{
	if (keys->allowed & what)
		return false;
	keys->doubt = what;
	return true;
}

bool
protection_allows_clear(CallKeys *keys, GError **error)
{
	const struct e2ee_provider *provider = e2ee_provider();
	g_autofree char *sealed = protection_sealed_key(keys->peer);
	Account *account = account_find(keys->account);

	if (!keys_rule_allows(keys->rule, TRUST_NONE))
		return fault(error, FAULT_TRUST, "no device of %s seals this call, and call.trust is %s", keys->peer,
			rules[keys->rule].word);
	if (is_remembered(keys, sealed))
		return fault(error, FAULT_TRUST,
			"%s sealed calls before, and this one comes without: somebody in between may have taken the seal away - "
			"/call encrypt off %s if they have no keys any more",
			keys->peer, keys->peer);
	/* E09: who has keys is not called without them just because the servers say so. */
	if (account && provider && provider->usable && provider->usable(account, keys->peer) && doubt(keys, DOUBT_CLEAR))
		return fault(error, FAULT_TRUST,
			"%s has keys, but none of them seals this call: anyone in between could listen - compare keys with /verify "
			"%s",
			keys->peer, keys->peer);
	return true;
}

bool
protection_allows_device(const CallKeys *keys, guint32 device, enum trust trust, GError **error)
{
	const char *peer = keys->peer;

	if (keys_rule_allows(keys->rule, trust))
		return true;
	if (trust == TRUST_UNTRUSTED)
		return fault(error, FAULT_TRUST, "you refused device %u of %s: /trust %s yes %u takes that back", device, peer,
			peer, device);
	if (trust == TRUST_TRUSTED)
		return fault(error, FAULT_TRUST, "device %u of %s is not verified, and call.trust is verified: /verify %s", device,
			peer, peer);
	return fault(error, FAULT_TRUST,
		"nobody decided about device %u of %s, and call.trust is %s: /verify %s, then /trust %s yes %u", device, peer,
		rules[keys->rule].word, peer, peer, device);
}

bool
protection_allows_unmixed(CallKeys *keys, GError **error)
{
	g_autofree char *mixed = mixed_key(keys);

	if (is_remembered(keys, mixed) && doubt(keys, DOUBT_UNMIXED))
		return fault(error, FAULT_TRUST,
			"device %u of %s mixed its keys into calls before, and this call comes without: somebody in between may "
			"have "
			"taken that away",
			keys->device, keys->peer);
	return true;
}
