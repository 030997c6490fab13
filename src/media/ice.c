/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libnice, told of every address by hand. Its signals come on the thread that a packet arrived on: they are copied to the
 * main loop. */
#include "media/ice.h"

#include "media/bridge.h"
#include "media/post.h"
#include "media/route.h"

#include <string.h>

struct stream {
	guint id;
	guint told;      /* our candidates */
	guint taken;     /* theirs */
	GSList *waiting; /* theirs that came before their credentials */
	bool known;      /* their credentials are here */
	bool connected;
};

struct Ice {
	NiceAgent *agent;
	GPtrArray *left; /* agents of addresses that were ours: letters of theirs may be on their way */
	struct ice_hooks hooks;
	gpointer owner;
	bool initiator, relay_only, loopback;
	char *toward, *host; /* where the sockets are bound; NULL: nowhere but on the loopback */
	GVariant *servers;
	GHashTable *streams; /* id -> struct stream */
	char *proxy, *authorities, *trouble;
	GPtrArray *bridges; /* to relays that libnice cannot reach by itself */
	guint ways, failed; /* to relays, for all streams; those that were bridges to nowhere */
};

static void
stream_free(gpointer data)
{
	struct stream *stream = data;

	g_slist_free_full(stream->waiting, (GDestroyNotify)nice_candidate_free);
	g_free(stream);
}

static struct stream *
find(Ice *ice, guint id)
{
	return g_hash_table_lookup(ice->streams, GUINT_TO_POINTER(id));
}

/* In relay mode nothing but a relay's address leaves; loopback is for tests only. */
static bool
may_be_told(const Ice *ice, const NiceCandidate *candidate)
{
	if (ice->relay_only)
		return candidate->type == NICE_CANDIDATE_TYPE_RELAYED;
	g_autofree char *ip = nice_address_dup_string(&candidate->addr);
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(ip);
	return address && (ice->loopback || !g_inet_address_get_is_loopback(address));
}

struct signal {
	Ice *ice;
	const NiceAgent *agent;
	guint stream;
	NiceCandidate *candidate;
	NiceComponentState state;
};

static void
signal_free(gpointer data)
{
	struct signal *signal = data;

	g_clear_pointer(&signal->candidate, nice_candidate_free);
	g_free(signal);
}

/* NULL: it is not there any more, or the letter is of an agent that is not. */
static struct stream *
stream_of(const struct signal *signal)
{
	return signal->agent == signal->ice->agent ? find(signal->ice, signal->stream) : NULL;
}

static void
candidate_came(gpointer data)
{
	struct signal *signal = data;
	struct stream *stream = stream_of(signal);

	if (!stream || !may_be_told(signal->ice, signal->candidate))
		return;
	stream->told++;
	signal->ice->hooks.candidate(signal->ice->owner, signal->stream, signal->candidate);
}

static void
gathering_ended(gpointer data)
{
	struct signal *signal = data;
	struct stream *stream = stream_of(signal);

	if (stream)
		signal->ice->hooks.gathered(signal->ice->owner, signal->stream, stream->told);
}

static void
state_came(gpointer data)
{
	struct signal *signal = data;
	Ice *ice = signal->ice;
	struct stream *stream = stream_of(signal);

	if (!stream)
		return;
	switch (signal->state) {
	case NICE_COMPONENT_STATE_CONNECTING:
		if (stream->known && !stream->connected)
			ice->hooks.state(ice->owner, stream->id, ICE_CHECKING);
		break;
	case NICE_COMPONENT_STATE_CONNECTED:
	case NICE_COMPONENT_STATE_READY:
		if (!stream->connected) {
			stream->connected = true;
			ice->hooks.state(ice->owner, stream->id, ICE_CONNECTED);
		}
		break;
	case NICE_COMPONENT_STATE_FAILED:
	case NICE_COMPONENT_STATE_DISCONNECTED:
		/* A failure before the peer's candidates are all here is none: more may come. The session has its own patience. */
		if (stream->connected) {
			stream->connected = false;
			ice->hooks.state(ice->owner, stream->id, ICE_LOST);
		}
		break;
	default:
		break;
	}
}

static void
pass_on(Ice *ice, const NiceAgent *agent, guint stream, void (*what)(gpointer), const NiceCandidate *candidate,
	NiceComponentState state)
{
	struct signal *signal = g_new0(struct signal, 1);

	*signal = (struct signal){ ice, agent, stream, candidate ? nice_candidate_copy(candidate) : NULL, state };
	post(what, signal, signal_free);
}

static void
on_candidate(NiceAgent *agent, NiceCandidate *candidate, Ice *ice)
{
	pass_on(ice, agent, candidate->stream_id, candidate_came, candidate, 0);
}

static void
on_gathered(NiceAgent *agent, guint stream, Ice *ice)
{
	pass_on(ice, agent, stream, gathering_ended, NULL, 0);
}

static void
on_state(NiceAgent *agent, guint stream, guint component, guint state, Ice *ice)
{
	(void)component;
	pass_on(ice, agent, stream, state_came, NULL, state);
}

static void
add_address(NiceAgent *agent, const char *ip)
{
	NiceAddress address;

	nice_address_init(&address);
	if (ip && nice_address_set_from_string(&address, ip))
		nice_agent_add_local_address(agent, &address);
}

/* Where the sockets are bound. Without any libnice would list all interfaces: then the loopback is given, and what it finds
 * there is not told. */
static void
add_addresses(const Ice *ice)
{
	if (ice->host)
		add_address(ice->agent, ice->host);
	if (ice->loopback || !ice->host)
		add_address(ice->agent, "127.0.0.1");
}

/* NULL: there is none but on the loopback. */
static char *
host_now(const Ice *ice)
{
	g_autofree char *host = route_from(ice->toward);
	g_autoptr(GInetAddress) address = host ? g_inet_address_new_from_string(host) : NULL;

	return address && !g_inet_address_get_is_loopback(address) ? g_steal_pointer(&host) : NULL;
}

static void
make_agent(Ice *ice)
{
	g_free(ice->host);
	ice->host = host_now(ice);
	ice->agent = nice_agent_new_full(g_main_context_default(), NICE_COMPATIBILITY_RFC5245,
		NICE_AGENT_OPTION_ICE_TRICKLE | NICE_AGENT_OPTION_CONSENT_FRESHNESS);
	g_object_set(ice->agent, "controlling-mode", (gboolean)ice->initiator, "force-relay", (gboolean)ice->relay_only, "upnp",
		FALSE, "ice-tcp", FALSE, NULL);
	/* Peers see no name. Relays see "libnice", which cannot be taken out of their requests; an empty name would add a slash to
	 * it and show it to peers, too. */
	nice_agent_set_software(ice->agent, NULL);
	add_addresses(ice);
	g_signal_connect(ice->agent, "new-candidate-full", G_CALLBACK(on_candidate), ice);
	g_signal_connect(ice->agent, "candidate-gathering-done", G_CALLBACK(on_gathered), ice);
	g_signal_connect(ice->agent, "component-state-changed", G_CALLBACK(on_state), ice);
}

Ice *
ice_new(const struct ice_setup *setup, const struct ice_hooks *hooks, gpointer owner)
{
	Ice *ice = g_new0(Ice, 1);

	ice->hooks = *hooks;
	ice->owner = owner;
	ice->initiator = setup->initiator;
	ice->relay_only = setup->relay_only;
	ice->loopback = setup->loopback;
	ice->toward = g_strdup(setup->toward);
	ice->servers = g_variant_ref(setup->servers);
	ice->proxy = g_strdup(setup->proxy);
	ice->authorities = g_strdup(setup->authorities);
	ice->left = g_ptr_array_new_with_free_func(g_object_unref);
	ice->bridges = g_ptr_array_new_with_free_func((GDestroyNotify)bridge_free);
	ice->streams = g_hash_table_new_full(NULL, NULL, NULL, stream_free);
	make_agent(ice);
	return ice;
}

bool
ice_moved(Ice *ice)
{
	g_autofree char *host = host_now(ice);

	/* Without any the next one is waited for. */
	return host && ice->host && strcmp(host, ice->host) != 0;
}

void
ice_renew(Ice *ice)
{
	g_signal_handlers_disconnect_by_data(ice->agent, ice);
	nice_agent_close_async(ice->agent, NULL, NULL);
	g_ptr_array_add(ice->left, ice->agent);
	g_hash_table_remove_all(ice->streams);
	g_ptr_array_set_size(ice->bridges, 0);
	ice->ways = ice->failed = 0;
	make_agent(ice);
}

static void
on_closed(GObject *agent, GAsyncResult *result, gpointer closed)
{
	(void)agent;
	(void)result;
	*(bool *)closed = true;
}

static gboolean
wake(gpointer over)
{
	*(bool *)over = true;
	return G_SOURCE_REMOVE;
}

/* Relays are told that we are gone; a relay that does not answer is not waited for. */
static void
close_agent(NiceAgent *agent)
{
	enum { POLITENESS = 200 /* ms */ };
	static bool closed, over;
	guint timer = g_timeout_add(POLITENESS, wake, &over);

	nice_agent_close_async(agent, on_closed, &closed);
	while (!closed && !over)
		g_main_context_iteration(NULL, TRUE);
	if (!over)
		g_source_remove(timer);
	g_object_unref(agent);
}

void
ice_free(Ice *ice)
{
	if (!ice)
		return;
	g_signal_handlers_disconnect_by_data(ice->agent, ice);
	close_agent(ice->agent);
	g_hash_table_unref(ice->streams);
	g_variant_unref(ice->servers);
	g_ptr_array_unref(ice->left);
	g_ptr_array_unref(ice->bridges);
	g_free(ice->toward);
	g_free(ice->host);
	g_free(ice->proxy);
	g_free(ice->authorities);
	g_free(ice->trouble);
	g_free(ice);
}

NiceAgent *
ice_agent(Ice *ice)
{
	return ice->agent;
}

/* libnice would wait long for a relay that is not there. */
static void
on_bridge_failed(gpointer owner, const GError *why)
{
	Ice *ice = owner;
	GHashTableIter streams;
	struct stream *stream;

	/* That an address has nobody is said when there is nothing worse. */
	if (why && (!ice->trouble || g_error_matches(why, FAULT, FAULT_TRUST))) {
		g_free(ice->trouble);
		ice->trouble = g_strdup(why->message);
	}
	if (++ice->failed < ice->ways || !ice->relay_only)
		return;
	g_hash_table_iter_init(&streams, ice->streams);
	if (g_hash_table_iter_next(&streams, NULL, (gpointer *)&stream) && !stream->told)
		ice->hooks.gathered(ice->owner, stream->id, 0);
}

/* What libnice is told of a relay behind a bridge is the bridge. */
static void
use_bridge(Ice *ice, guint stream, const struct bridge_end *end, const char *user, const char *password)
{
	Bridge *bridge = bridge_new(end, on_bridge_failed, ice, NULL);

	if (!bridge)
		return;
	ice->ways++;
	g_ptr_array_add(ice->bridges, bridge);
	nice_agent_set_relay_info(
		ice->agent, stream, 1, "127.0.0.1", bridge_port(bridge), user, password, NICE_RELAY_TYPE_TURN_TCP);
}

static void
use_server(Ice *ice, guint stream, GVariant *server)
{
	const char *type, *host, *transport, *user, *password;
	guint16 port;

	g_variant_get(server, "(&s&sq&s&s&s)", &type, &host, &port, &transport, &user, &password);
	bool tls = !strcmp(type, "turns"), tcp = !strcmp(transport, "tcp"), proxied = *ice->proxy;
	/* The name was looked up already, or the proxy does it: there is no resolver in here. */
	const char *slash = strchr(host, '/'), *address = slash ? slash + 1 : host;
	g_autofree char *name = slash ? g_strndup(host, slash - host) : g_strdup(host);

	if (tcp && (tls || (proxied && !strcmp(type, "turn")))) {
		struct bridge_end end = { name, slash || !proxied ? address : NULL, port, tls, ice->authorities, ice->proxy };
		use_bridge(ice, stream, &end, user, password);
	} else if (!strcmp(type, "turn") && !proxied) {
		ice->ways++;
		nice_agent_set_relay_info(ice->agent, stream, 1, address, port, user, password,
			tcp ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_UDP);
	} else if (!strcmp(type, "stun") && !ice->relay_only) {
		g_object_set(ice->agent, "stun-server", address, "stun-server-port", (guint)port, NULL);
	}
}

guint
ice_add(Ice *ice)
{
	guint id = nice_agent_add_stream(ice->agent, 1);

	if (!id)
		return 0;
	struct stream *stream = g_new0(struct stream, 1);
	stream->id = id;
	g_hash_table_insert(ice->streams, GUINT_TO_POINTER(id), stream);
	for (gsize i = 0; i < g_variant_n_children(ice->servers); i++) {
		g_autoptr(GVariant) server = g_variant_get_child_value(ice->servers, i);
		use_server(ice, id, server);
	}
	if (!nice_agent_gather_candidates(ice->agent, id)) {
		ice_remove(ice, id);
		return 0;
	}
	return id;
}

void
ice_remove(Ice *ice, guint stream)
{
	nice_agent_remove_stream(ice->agent, stream);
	g_hash_table_remove(ice->streams, GUINT_TO_POINTER(stream));
}

void
ice_credentials(Ice *ice, guint stream, char **ufrag, char **pwd)
{
	nice_agent_get_local_credentials(ice->agent, stream, ufrag, pwd);
}

static void
try(Ice *ice, struct stream *stream, const NiceCandidate *candidate)
{
	GSList one = { (gpointer)(guintptr)candidate, NULL };

	nice_agent_set_remote_candidates(ice->agent, stream->id, 1, &one);
}

void
ice_remote(Ice *ice, guint id, const char *ufrag, const char *pwd)
{
	struct stream *stream = find(ice, id);

	if (!stream)
		return;
	nice_agent_set_remote_credentials(ice->agent, id, ufrag, pwd);
	stream->known = true;
	stream->waiting = g_slist_reverse(stream->waiting);
	for (GSList *at = stream->waiting; at; at = at->next)
		try(ice, stream, at->data);
	g_slist_free_full(g_steal_pointer(&stream->waiting), (GDestroyNotify)nice_candidate_free);
}

void
ice_candidate(Ice *ice, guint id, const NiceCandidate *candidate)
{
	struct stream *stream = find(ice, id);

	if (!stream || stream->taken >= ICE_CANDIDATES)
		return;
	stream->taken++;
	if (stream->known)
		try(ice, stream, candidate);
	else
		stream->waiting = g_slist_prepend(stream->waiting, nice_candidate_copy(candidate));
}

void
ice_restart(Ice *ice, guint id)
{
	struct stream *stream = find(ice, id);

	if (!stream)
		return;
	stream->known = stream->connected = false;
	stream->taken = 0;
	nice_agent_restart_stream(ice->agent, id);
}

void
ice_repeat(Ice *ice, guint id)
{
	GSList *candidates = nice_agent_get_local_candidates(ice->agent, id, 1);

	for (GSList *at = candidates; at; at = at->next) {
		const NiceCandidate *candidate = at->data;
		/* Those that only the peer saw are found again. */
		if (candidate->type != NICE_CANDIDATE_TYPE_PEER_REFLEXIVE && may_be_told(ice, candidate))
			ice->hooks.candidate(ice->owner, id, candidate);
	}
	g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
}

const char *
ice_trouble(const Ice *ice)
{
	return ice->trouble;
}

const char *
ice_path(Ice *ice, guint stream)
{
	NiceCandidate *here, *there;

	if (!nice_agent_get_selected_pair(ice->agent, stream, 1, &here, &there))
		return "";
	return here->type == NICE_CANDIDATE_TYPE_RELAYED || there->type == NICE_CANDIDATE_TYPE_RELAYED ? "relay" : "direct";
}
