/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses that look like others: domains whose letters come from several scripts (G03). */
#pragma once

#include "api/public.h"

bool address_mixes_scripts(const char *domain); /* letters that no one language writes together */
/* The domain as computers write it ("xn--..."), when its letters mix scripts; NULL when they do not. Caller frees. */
char *address_punycode(const char *domain);
/* A sentence about such domains in the links and addresses of a text; NULL if there are none. Caller frees. */
char *address_warning(const char *text, size_t length);
