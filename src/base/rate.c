/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often somebody may cause something: a bucket per peer that fills by the time. */
#include "base/rate.h"

#include "api/timer.h"

struct bucket {
	gint64 at;
	double left;
};

bool
rate_take(struct rate *rate, const char *account, const char *peer)
{
	g_autofree char *key = g_strconcat(account, " ", peer, NULL);
	gint64 now = clock_monotonic();
	struct bucket *bucket;

	if (!rate->buckets)
		rate->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	bucket = g_hash_table_lookup(rate->buckets, key);
	if (!bucket) {
		bucket = g_new0(struct bucket, 1);
		*bucket = (struct bucket){ now, rate->burst };
		g_hash_table_insert(rate->buckets, g_steal_pointer(&key), bucket);
	}
	bucket->left = MIN(rate->burst, bucket->left + (now - bucket->at) / (double)G_USEC_PER_SEC * rate->per_second);
	bucket->at = now;
	if (bucket->left < 1)
		return false;
	bucket->left -= 1;
	return true;
}
