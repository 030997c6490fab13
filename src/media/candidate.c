/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates: what goes out tells one address, what comes in is tried only when it can be a peer's (RFC 8445 §19). */
#include "media/candidate.h"

#include "base/medialink.h"

#include <string.h>

static const struct {
	const char *word;
	NiceCandidateType type;
} types[] = {
	{ "host", NICE_CANDIDATE_TYPE_HOST },
	{ "srflx", NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE },
	{ "prflx", NICE_CANDIDATE_TYPE_PEER_REFLEXIVE },
	{ "relay", NICE_CANDIDATE_TYPE_RELAYED },
};

/* Below are services that a peer could make us knock at; a NAT gives no port from there to a port above. */
enum { FIRST_PORT = 1024 };

GVariant *
candidate_tell(const char *content, const NiceCandidate *candidate)
{
	char address[NICE_ADDRESS_STRING_LEN];
	const char *type = "host";

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (types[i].type == candidate->type)
			type = types[i].word;
	nice_address_to_string(&candidate->addr, address);
	return g_variant_new(MEDIA_CANDIDATE_TYPE, content, candidate->foundation, (guchar)candidate->component_id, "udp",
		candidate->priority, address, (guint16)nice_address_get_port(&candidate->addr), type, "", (guint16)0);
}

static bool
one_host(const char *ip, bool loopback)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(ip);

	if (!address || g_inet_address_get_is_any(address) || g_inet_address_get_is_multicast(address) ||
		g_inet_address_get_is_link_local(address))
		return false;
	if (g_inet_address_get_is_loopback(address))
		return loopback;
	const guint8 *bytes = g_inet_address_to_bytes(address);
	if (g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4)
		return bytes[0] != 0 && bytes[0] < 240; /* this network; reserved and broadcast */
	/* IPv4 in disguise would pass by the rules above: mapped, compatible, translated, through a tunnel of 6to4. */
	static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff }, compatible[12], translated[12] = { 0, 0x64, 0xff, 0x9b },
			    tunnel[2] = { 0x20, 0x02 };
	return memcmp(bytes, mapped, 12) && memcmp(bytes, compatible, 12) && memcmp(bytes, translated, 12) &&
	       memcmp(bytes, tunnel, 2);
}

NiceCandidate *
candidate_take(GVariant *told, bool loopback)
{
	const char *foundation, *protocol, *ip, *type;
	guchar component;
	guint32 priority;
	guint16 port;

	g_variant_get(
		told, "(&s&sy&su&sq&s&sq)", NULL, &foundation, &component, &protocol, &priority, &ip, &port, &type, NULL, NULL);
	if (component != 1 || g_ascii_strcasecmp(protocol, "udp") != 0 || port < FIRST_PORT || !one_host(ip, loopback))
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
		if (strcmp(types[i].word, type) != 0)
			continue;
		NiceCandidate *candidate = nice_candidate_new(types[i].type);
		candidate->component_id = 1;
		candidate->transport = NICE_CANDIDATE_TRANSPORT_UDP;
		candidate->priority = priority;
		g_strlcpy(candidate->foundation, foundation, sizeof candidate->foundation);
		nice_address_set_from_string(&candidate->addr, ip);
		nice_address_set_port(&candidate->addr, port);
		return candidate;
	}
	return NULL;
}

const char *
candidate_content(GVariant *told)
{
	const char *name;

	g_variant_get_child(told, 0, "&s", &name);
	return name;
}
