/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates of ICE: between the link's words and libnice's. */
#pragma once

#include "api/public.h"

#include <gio/gio.h>
#include <nice/agent.h>

/* As it may be signalled: without the address that it is related to. */
GVariant *candidate_tell(const char *content, const NiceCandidate *candidate);
/* What the peer signalled; NULL when it is nothing that an honest peer sends: no address, not of one host, not UDP, not our
 * one component. */
NiceCandidate *candidate_take(GVariant *told, bool loopback);
/* The name of the content that a candidate is for; borrowed from told. */
const char *candidate_content(GVariant *told);
