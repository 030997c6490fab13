/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of an account: one row each, with the check of its value. */
#include <stdlib.h>
#include <string.h>

#include "account/internal.h"
#include "api/store.h"

static const char *const tls_choices[] = { "starttls", "direct", NULL };
static const char *const presence_choices[] = { "online", "away", "xa", "dnd", "chat", "invisible", NULL };
static const char *const on_off[] = { "on", "off", NULL };

static char *
check_number(const char *value, const char *what, gint64 min, gint64 max, GError **error)
{
	gint64 number;
	g_autoptr(GError) wrong = NULL;
	if (!g_ascii_string_to_signed(value, 10, min, max, &number, &wrong))
		return fault_null(
			error, FAULT_INPUT, "%s is a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, what, min, max);
	return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static char *
check_port(const char *value, GError **error)
{
	return check_number(value, "port", 1, 65535, error);
}

static char *
check_priority(const char *value, GError **error)
{
	return check_number(value, "priority", -128, 127, error);
}

static char *
check_command(const char *value, GError **error)
{
	g_auto(GStrv) words = NULL;
	g_autoptr(GError) wrong = NULL;
	if (!g_shell_parse_argv(value, NULL, &words, &wrong))
		return fault_null(error, FAULT_INPUT, "password_command is a program and its arguments: %s", wrong->message);
	return g_strdup(value);
}

static char *
check_host(const char *value, GError **error)
{
	if (strpbrk(value, " \t\n/@"))
		return fault_null(error, FAULT_INPUT, "host is a name or an address, without port");
	return g_strdup(value);
}

static char *
check_ca_file(const char *value, GError **error)
{
	if (!g_path_is_absolute(value) || !g_file_test(value, G_FILE_TEST_IS_REGULAR))
		return fault_null(
			error, FAULT_INPUT, "ca_file is the full path of a file with certificates: there is no %s", value);
	return g_strdup(value);
}

static char *
check_proxy(const char *value, GError **error)
{
	g_autoptr(GUri) uri = g_uri_parse(value, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_NON_DNS, NULL);
	if (!uri || strcmp(g_uri_get_scheme(uri), "socks5") || !g_uri_get_host(uri) || !*g_uri_get_host(uri))
		return fault_null(error, FAULT_INPUT, "proxy looks like socks5://user:password@host:port");
	return g_strdup(value);
}

static char *
check_fingerprint(const char *value, GError **error)
{
	g_autoptr(GString) hex = g_string_new(NULL);
	for (const char *p = value; *p; p++)
		if (g_ascii_isxdigit(*p))
			g_string_append_c(hex, g_ascii_tolower(*p));
		else if (!strchr(": ", *p))
			return fault_null(error, FAULT_INPUT, "fingerprint has a character that is no hex digit: %c", *p);
	if (hex->len != 64)
		return fault_null(error, FAULT_INPUT, "fingerprint is the SHA-256 of the server's certificate: 64 hex digits");
	return g_strdup(hex->str);
}

const struct account_option account_options[] = {
	{ .name = "password_command", .summary = "a program and its arguments that print the password", .check = check_command },
	{ .name = "host", .summary = "the server's host, where DNS does not tell it", .check = check_host },
	{ .name = "port", .summary = "its port", .check = check_port },
	{ .name = "tls", .summary = "how TLS starts, where DNS does not tell it", .choices = tls_choices },
	{ .name = "ca_file", .summary = "a file with one more trusted certificate authority", .check = check_ca_file },
	{ .name = "fingerprint", .summary = "SHA-256 of the one certificate to trust", .check = check_fingerprint },
	{ .name = "proxy", .summary = "socks5://user:password@host:port; nothing goes around it", .check = check_proxy },
	{ .name = "priority", .summary = "which of your devices gets messages first, -128 to 127", .check = check_priority },
	{ .name = "presence", .summary = "how you are seen after login", .choices = presence_choices },
	{ .name = "autoconnect", .summary = "log in when the program starts", .choices = on_off },
	{ 0 },
};

static const struct account_option *
find(const char *name)
{
	for (const struct account_option *row = account_options; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

static char *
check(const struct account_option *row, const char *value, GError **error)
{
	if (row->choices && !g_strv_contains(row->choices, value)) {
		g_autofree char *words = g_strjoinv(", ", (char **)row->choices);
		return fault_null(error, FAULT_INPUT, "%s is one of: %s", row->name, words);
	}
	return row->check ? row->check(value, error) : g_strdup(value);
}

static bool
write_row(const Account *account, const char *name, const char *value, GError **error)
{
	return value ? store_run(error, "INSERT OR REPLACE INTO account_option (account, name, value) VALUES (?, ?, ?)", "sss",
			       account->jid, name, value)
		     : store_run(error, "DELETE FROM account_option WHERE account = ? AND name = ?", "ss", account->jid, name);
}

bool
account_set(Account *account, const char *option, const char *value, GError **error)
{
	const struct account_option *row = find(option);
	if (!row)
		return fault(error, FAULT_INPUT, "an account has no option %s", option);
	g_autofree char *kept = NULL;
	if (value && *value && !(kept = check(row, value, error)))
		return false;
	if (!write_row(account, row->name, kept, error) || !store_flush(error))
		return false;
	if (kept)
		g_hash_table_insert(account->options, g_strdup(row->name), g_steal_pointer(&kept));
	else
		g_hash_table_remove(account->options, row->name);
	account_apply_options(account, row->name);
	return true;
}

const char *
account_get(const Account *account, const char *option)
{
	return g_hash_table_lookup(account->options, option);
}
