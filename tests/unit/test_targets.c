/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a domain is knocked at: SRV records of both kinds in one order (XEP-0368), from a resolver that says what the test wrote.
 */
#include "xmpp/targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- the resolver: GLib's own reading and sorting of records stay in use ---- */

struct srv {
	guint16 priority, weight, port;
	const char *host;
};
struct zone {
	const struct srv *starttls, *direct; /* up to a host of NULL; NULL: no such name */
};

static struct zone zone;
static GString *asked;

typedef GResolver Scripted;
typedef GResolverClass ScriptedClass;
static GType scripted_get_type(void);
G_DEFINE_TYPE(Scripted, scripted, G_TYPE_RESOLVER)

static GList *
records_of(const struct srv *rows)
{
	GList *list = NULL;

	for (; rows && rows->host; rows++)
		list = g_list_append(
			list, g_variant_ref_sink(g_variant_new("(qqqs)", rows->priority, rows->weight, rows->port, rows->host)));
	return list;
}

static void
look_up(GResolver *resolver, const gchar *name, GResolverRecordType type, GCancellable *cancellable, GAsyncReadyCallback done,
	gpointer data)
{
	g_autoptr(GTask) task = g_task_new(resolver, cancellable, done, data);
	const struct srv *rows = g_str_has_prefix(name, "_xmpps-client._tcp.") ? zone.direct : zone.starttls;

	assert_int_equal(type, G_RESOLVER_RECORD_SRV);
	g_string_append_printf(asked, "%s ", name);
	if (rows)
		g_task_return_pointer(task, records_of(rows), NULL);
	else
		g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such name");
}

static GList *
looked_up(GResolver *resolver, GAsyncResult *result, GError **error)
{
	(void)resolver;
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void
scripted_class_init(GResolverClass *class)
{
	class->lookup_records_async = look_up;
	class->lookup_records_finish = looked_up;
}

static void
scripted_init(GResolver *resolver)
{
	(void)resolver;
}

/* ---- asking ---- */

static GString *found;
static guint answers;

static void
on_targets(GPtrArray *targets, const GError *error, gpointer data)
{
	(void)data;
	answers++;
	g_string_truncate(found, 0);
	if (error)
		g_string_append(found, error->message);
	for (guint i = 0; targets && i < targets->len; i++) {
		const struct target *target = g_ptr_array_index(targets, i);
		g_string_append_printf(found, "%s:%u%s ", target->host, target->port, target->direct ? "!" : "");
	}
}

static const char *
find(const struct stream_config *config)
{
	g_autoptr(GCancellable) cancellable = g_cancellable_new();

	answers = 0;
	g_string_truncate(asked, 0);
	targets_find(config, "a.test", cancellable, on_targets, NULL);
	assert_int_equal(answers, 0);
	while (!answers)
		g_main_context_iteration(NULL, TRUE);
	return found->str;
}

static int
setup(void **state)
{
	(void)state;
	g_autoptr(GResolver) resolver = g_object_new(scripted_get_type(), NULL);
	g_resolver_set_default(resolver);
	zone = (struct zone){ 0 };
	found = g_string_new(NULL);
	asked = g_string_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	g_string_free(found, TRUE);
	g_string_free(asked, TRUE);
	return 0;
}

/* ---- stories ---- */

static const struct stream_config usual = { .jid = "alice@a.test" };

static void
both_kinds_are_one_list_by_priority(void **state)
{
	(void)state;
	zone = (struct zone){
		.starttls = (const struct srv[]){ { 10, 0, 5222, "second.test" }, { 30, 0, 5222, "last.test" }, { 0 } },
		.direct = (const struct srv[]){ { 20, 0, 443, "third.test" }, { 5, 0, 5223, "first.test" }, { 0 } },
	};
	assert_string_equal(find(&usual), "first.test:5223! second.test:5222 third.test:443! last.test:5222 ");
	assert_non_null(strstr(asked->str, "_xmpp-client._tcp.a.test "));
	assert_non_null(strstr(asked->str, "_xmpps-client._tcp.a.test "));
}

static void
the_same_host_may_serve_both(void **state)
{
	(void)state;
	zone = (struct zone){
		.starttls = (const struct srv[]){ { 2, 0, 5222, "x.test" }, { 0 } },
		.direct = (const struct srv[]){ { 1, 0, 5223, "x.test" }, { 0 } },
	};
	assert_string_equal(find(&usual), "x.test:5223! x.test:5222 ");
}

/* RFC 2782: of nine to one it is first nine times of ten, over both kinds. */
static void
weight_decides_within_a_priority(void **state)
{
	(void)state;
	guint heavy = 0;

	zone = (struct zone){
		.starttls = (const struct srv[]){ { 1, 10, 5222, "light.test" }, { 0 } },
		.direct = (const struct srv[]){ { 1, 90, 5223, "heavy.test" }, { 0 } },
	};
	for (guint i = 0; i < 1000; i++)
		heavy += g_str_has_prefix(find(&usual), "heavy.test:5223! light.test:5222");
	assert_in_range(heavy, 820, 970);
}

static void
without_records_the_domain_itself_is_tried(void **state)
{
	(void)state;
	assert_string_equal(find(&usual), "a.test:5222 a.test:5223! ");
}

static void
one_kind_is_enough(void **state)
{
	(void)state;
	zone.direct = (const struct srv[]){ { 1, 0, 443, "tls.test" }, { 0 } };
	assert_string_equal(find(&usual), "tls.test:443! ");
	zone = (struct zone){ .starttls = (const struct srv[]){ { 1, 0, 5222, "start.test" }, { 0 } } };
	assert_string_equal(find(&usual), "start.test:5222 ");
}

/* The root as the only target of a kind takes that kind away; of both, the whole service: nothing is guessed then. */
static void
a_dot_means_not_here(void **state)
{
	(void)state;
	static const struct srv dot[] = { { 0, 0, 0, "." }, { 0 } };

	zone = (struct zone){ .starttls = dot, .direct = (const struct srv[]){ { 1, 0, 5223, "tls.test" }, { 0 } } };
	assert_string_equal(find(&usual), "tls.test:5223! ");
	zone = (struct zone){ .starttls = dot, .direct = dot };
	assert_string_equal(find(&usual), "a.test says that it offers no service for clients");
	zone = (struct zone){ .starttls = dot };
	assert_string_equal(find(&usual), "a.test says that it offers no service for clients");
	zone = (struct zone){ .direct = dot };
	assert_string_equal(find(&usual), "a.test:5222 ");
	zone.starttls = (const struct srv[]){ { 0, 0, 0, "." }, { 1, 0, 5222, "x.test" }, { 0 } };
	assert_string_equal(find(&usual), "x.test:5222 ");
}

static void
only_the_wanted_kind_is_asked_for(void **state)
{
	(void)state;
	struct stream_config config = { .jid = "alice@a.test", .tls = STREAM_TLS_DIRECT };

	assert_string_equal(find(&config), "a.test:5223! ");
	assert_string_equal(asked->str, "_xmpps-client._tcp.a.test ");
	config.tls = STREAM_TLS_STARTTLS;
	assert_string_equal(find(&config), "a.test:5222 ");
	assert_string_equal(asked->str, "_xmpp-client._tcp.a.test ");
}

static void
what_is_configured_or_proxied_is_not_looked_up(void **state)
{
	(void)state;
	static const struct {
		struct stream_config config;
		const char *found;
	} cases[] = {
		{ { .host = "h.test" }, "h.test:5222 h.test:5223! " },
		{ { .host = "h.test", .port = 5222 }, "h.test:5222 " },
		{ { .host = "h.test", .port = 443 }, "h.test:443! " },
		{ { .host = "h.test", .port = 5222, .tls = STREAM_TLS_DIRECT }, "h.test:5222! " },
		{ { .host = "h.test", .port = 5223, .tls = STREAM_TLS_STARTTLS }, "h.test:5223 " },
		{ { .port = 7000 }, "a.test:7000 " },
		{ { .proxy = "socks5://127.0.0.1:9050" }, "a.test:5222 a.test:5223! " },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		assert_string_equal(find(&cases[i].config), cases[i].found);
		assert_string_equal(asked->str, "");
	}
}

static void
a_flood_of_records_is_bounded(void **state)
{
	(void)state;
	struct srv *many = g_new0(struct srv, 501);

	for (guint i = 0; i < 500; i++)
		many[i] = (struct srv){ (guint16)i, 0, 5222, "x.test" };
	zone = (struct zone){ .starttls = many, .direct = many };
	assert_int_equal(strlen(find(&usual)), 8 * (strlen("x.test:5222 ") + strlen("x.test:5222! ")));
	g_free(many);
}

static void
who_does_not_wait_any_more_is_not_called(void **state)
{
	(void)state;
	g_autoptr(GCancellable) cancellable = g_cancellable_new();

	answers = 0;
	targets_find(&usual, "a.test", cancellable, on_targets, NULL);
	g_cancellable_cancel(cancellable);
	for (guint i = 0; i < 50; i++)
		g_main_context_iteration(NULL, FALSE);
	assert_int_equal(answers, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(both_kinds_are_one_list_by_priority),
		T(the_same_host_may_serve_both),
		T(weight_decides_within_a_priority),
		T(without_records_the_domain_itself_is_tried),
		T(one_kind_is_enough),
		T(a_dot_means_not_here),
		T(only_the_wanted_kind_is_asked_for),
		T(what_is_configured_or_proxied_is_not_looked_up),
		T(a_flood_of_records_is_bounded),
		T(who_does_not_wait_any_more_is_not_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
