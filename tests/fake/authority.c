/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate authority for one test. */
#include "fake/authority.h"

#include <glib/gstdio.h>
#include <string.h>

struct Authority {
	char *folder, *ca, *domain, *name;
};

/* $1: folder, $2: domain, $3: name of the authority */
static const char make_authority[] =
	"cd \"$1\" && exec 2>/dev/null && "
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj \"/CN=$3\" -keyout ca.key "
	"-out ca.crt -addext basicConstraints=critical,CA:TRUE";
static const char make_leaf[] =
	"cd \"$1\" && exec 2>/dev/null && "
	"openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj \"/CN=$2\" -keyout leaf.key -out leaf.csr && "
	"printf 'subjectAltName=DNS:%s\\n' \"$2\" >ext && "
	"openssl x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 20 -extfile ext -out leaf.crt && "
	"cat leaf.crt leaf.key >both.pem && "
	"openssl x509 -in leaf.crt -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64 | tr -d '\\n' >key";

static const char ready_to_forge[] =
	"cd \"$1\" && printf '[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index\\nserial=serial\\nnew_certs_dir=.\\ndefault_md=sha256\\n"
	"policy=any\\nunique_subject=no\\n[any]\\ncommonName=optional\\n' >conf && "
	"printf '#!/bin/sh\\nprintf \"$1\" >ext; from=$2; until=$3; shift 3; : >index; echo 1000 >serial\\n"
	"exec openssl ca -batch -notext -config conf -cert ca.crt -keyfile ca.key -extfile ext -startdate $from -enddate $until "
	"-in leaf.csr -out leaf.crt $*\\n' >sign && chmod 700 sign";
static const char forged[] = "cd \"$1\" && cat leaf.crt leaf.key >both.pem";

static void
run(const Authority *authority, const char *script)
{
	const char *argv[] = { "sh", "-c", script, "sh", authority->folder, authority->domain, authority->name, NULL };
	g_autoptr(GError) error = NULL;
	int status = 1;

	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error) || status != 0)
		g_error("openssl makes no certificate: %s", error ? error->message : "it failed");
}

Authority *
authority_new_named(const char *domain, const char *name)
{
	Authority *authority = g_new0(Authority, 1);

	authority->folder = g_dir_make_tmp("authority-XXXXXX", NULL);
	authority->ca = g_build_filename(authority->folder, "ca.crt", NULL);
	authority->domain = g_strdup(domain);
	authority->name = g_strdup(name);
	run(authority, make_authority);
	run(authority, make_leaf);
	return authority;
}

Authority *
authority_new(const char *domain)
{
	return authority_new_named(domain, "Test Authority");
}

void
authority_renew(Authority *authority)
{
	run(authority, make_leaf);
}

void
authority_forge(Authority *authority, const char *script)
{
	g_autofree char *inside = g_strconcat("cd \"$1\" && exec 2>log && ", script, NULL);

	run(authority, ready_to_forge);
	run(authority, inside);
	run(authority, forged);
}

void
authority_free(Authority *authority)
{
	g_autoptr(GDir) dir = g_dir_open(authority->folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(authority->folder, name, NULL);
		g_unlink(path);
	}
	g_rmdir(authority->folder);
	g_free(authority->folder);
	g_free(authority->ca);
	g_free(authority->domain);
	g_free(authority->name);
	g_free(authority);
}

const char *
authority_file(const Authority *authority)
{
	return authority->ca;
}

GTlsCertificate *
authority_certificate(const Authority *authority)
{
	g_autofree char *path = g_build_filename(authority->folder, "both.pem", NULL);
	g_autoptr(GError) error = NULL;
	GTlsCertificate *certificate = g_tls_certificate_new_from_file(path, &error);

	if (!certificate)
		g_error("%s", error->message);
	return certificate;
}

char *
authority_key_hash(const Authority *authority)
{
	g_autofree char *path = g_build_filename(authority->folder, "key", NULL);
	char *hash = NULL;

	g_file_get_contents(path, &hash, NULL, NULL);
	return hash;
}
