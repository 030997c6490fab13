/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device of somebody else that speaks OMEMO 0.3, for stories: its own small key store in memory over the ratchet library, and
 * nothing of the plugin but its primitives. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Device Device;

Device *device_new(const char *owner); /* with fresh keys */
void device_free(Device *device);
void device_new_identity(Device *device); /* another key under the same number, no sessions */
void device_forget_sessions(Device *device);
bool device_knows(const Device *device, const char *owner, guint32 number); /* a session with that device */
/* What it opened of which message, for who keeps that: owned by the device, texts are freed. */
GHashTable *device_heard(Device *device);
/* Its sessions as they are, and back to them: what a restored backup does. */
void device_remember(Device *device);
void device_rewind(Device *device);
guint32 device_number(const Device *device);
const char *device_owner(const Device *device);
const char *device_bundle(const Device *device); /* XML */
char *device_fingerprint(const Device *device);
/* The text of an <encrypted> from sender, "" of a key transport; NULL when there is no key for this device, or it does not open. */
char *device_open(Device *device, const char *sender, const char *encrypted);
/* A session from a bundle that was published as XML. */
void device_meet(Device *device, const char *owner, guint32 number, const char *bundle);
/* <encrypted> for one device of owner, with which there is a session. */
char *device_seal(Device *device, const char *owner, guint32 number, const char *text);
