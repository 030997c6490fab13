/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seam of media: a sotto-media in the same main loop, behind a socket that media.socket names. It greets, keeps what it is told
 * and says what a test has it say. */
#pragma once

#include "base/medialink.h"

typedef struct FakeMedia FakeMedia;

FakeMedia *fake_media_new(const char *path); /* listens; what is said is said to who came last */
void fake_media_free(FakeMedia *media);
bool fake_media_in_use(const FakeMedia *media);            /* somebody is connected */
guint fake_media_uses(const FakeMedia *media);             /* so many were, since it began */
const GPtrArray *fake_media_heard(const FakeMedia *media); /* of char *: "KIND BODY" as g_variant_print() writes it, all uses */
bool fake_media_say(FakeMedia *media, enum media_kind kind, GVariant *body); /* floating; false when nobody listens */
void fake_media_close(FakeMedia *media);                                     /* the same ends, as after a crash */

/* LOCAL of a content, with credentials and sources that follow from name: every time the same. */
bool fake_media_local(FakeMedia *media, const char *name, const char *medium);
char *fake_media_ufrag(const char *name); /* callers free */
char *fake_media_pwd(const char *name);
extern const guint8 fake_media_fingerprint[32];
