/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealing: the core's own view over whichever provider of end-to-end encryption is loaded. */
#include "chat/seal.h"

#include "api/error.h"
#include "api/secret.h"
#include "base/table.h"

#include <string.h>

static const char *const trust_words[] = {
	[TRUST_NONE] = "none",
	[TRUST_UNDECIDED] = "undecided",
	[TRUST_TRUSTED] = "trusted",
	[TRUST_VERIFIED] = "verified",
	[TRUST_UNTRUSTED] = "untrusted",
};

const char *
trust_word(enum trust trust)
{
	return trust_words[trust];
}

void
identity_free(Identity *identity)
{
	if (!identity)
		return;
	g_free(identity->fingerprint);
	g_free(identity->label);
	g_free(identity->learnt);
	g_free(identity);
}

void
e2ee_opened_clear(E2eeOpened *opened)
{
	if (opened->text)
		secret_wipe(opened->text, strlen(opened->text));
	g_free(opened->text);
	stanza_unref(opened->content);
	*opened = (E2eeOpened){ 0 };
}

const struct e2ee_provider *
e2ee_provider(void)
{
	return table_row(TABLE_E2EE, 0);
}

const struct e2ee_provider *
e2ee_provider_for(const Element *element)
{
	const struct e2ee_provider *provider;

	for (guint i = 0; (provider = table_row(TABLE_E2EE, i)); i++)
		if (element_is(element, provider->element, provider->ns))
			return provider;
	return NULL;
}

const struct e2ee_provider *
e2ee_provider_named(const char *name)
{
	return table_find(TABLE_E2EE, name);
}

static GPtrArray *
no_identities(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)identity_free);
}

GPtrArray *
e2ee_identities(Account *account, const char *peer)
{
	const struct e2ee_provider *provider = e2ee_provider();

	return provider && provider->identities ? provider->identities(account, peer) : no_identities();
}

GPtrArray *
e2ee_history(Account *account, const char *peer)
{
	const struct e2ee_provider *provider = e2ee_provider();

	return provider && provider->history ? provider->history(account, peer) : no_identities();
}

bool
e2ee_set_trust(Account *account, const char *peer, guint32 device, const char *fingerprint, enum trust trust, GError **error)
{
	const struct e2ee_provider *provider = e2ee_provider();

	if (!provider || !provider->set_trust)
		return fault(error, FAULT_GONE, "no plugin for encryption is loaded - /plugin load one");
	return provider->set_trust(account, peer, device, fingerprint, trust, error);
}

/* From the weakest to the strongest; untrusted devices read nothing and do not count. */
static int
strength(enum trust trust)
{
	switch (trust) {
	case TRUST_UNDECIDED:
		return 1;
	case TRUST_TRUSTED:
		return 2;
	case TRUST_VERIFIED:
		return 3;
	default:
		return 0;
	}
}

enum trust
e2ee_weakest(Account *account, const char *peer)
{
	g_autoptr(GPtrArray) identities = e2ee_identities(account, peer);
	enum trust weakest = TRUST_NONE;

	for (guint i = 0; i < identities->len; i++) {
		const Identity *identity = g_ptr_array_index(identities, i);

		if (!identity->active || !strength(identity->trust))
			continue;
		if (weakest == TRUST_NONE || strength(identity->trust) < strength(weakest))
			weakest = identity->trust;
	}
	return weakest;
}
