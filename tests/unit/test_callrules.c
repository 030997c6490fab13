/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of a call, walked whole: one door to ACTIVE, an end from everywhere, nothing after the end. */
#include "call/call.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void
each_state_and_input_has_a_name(void **unused)
{
	(void)unused;
	for (int state = 0; state < STATES; state++)
		assert_non_null(call_state_names[state]);
	for (int input = 1; input < INPUTS; input++)
		assert_non_null(call_input_names[input]);
}

static void
no_rule_is_hidden_by_another(void **unused)
{
	(void)unused;
	for (guint i = 0; i < call_rules_count; i++)
		for (guint j = i + 1; j < call_rules_count; j++)
			if (call_rules[i].state == call_rules[j].state && call_rules[i].input == call_rules[j].input)
				fail_msg("%s in %s has two rows", call_input_names[call_rules[i].input],
					call_rules[i].state == STATE_ANY ? "any state" : call_state_names[call_rules[i].state]);
}

/* E03: whatever a peer sends and whenever, media flows only through LINKING, and that only after our own yes. */
static void
active_has_one_door(void **unused)
{
	(void)unused;
	for (int state = 0; state < STATES; state++)
		for (int input = 1; input < INPUTS; input++) {
			const struct call_rule *rule = call_rule(state, input);

			if (!rule || rule->next != STATE_ACTIVE || state == STATE_ACTIVE)
				continue;
			if (state == STATE_HELD)
				assert_int_equal(input, INPUT_RESUME);
			else
				assert_true(state == STATE_LINKING && input == INPUT_FLOWING);
		}
}

static void
linking_follows_a_yes_here_and_there(void **unused)
{
	(void)unused;
	for (int state = 0; state < STATES; state++)
		for (int input = 1; input < INPUTS; input++) {
			const struct call_rule *rule = call_rule(state, input);

			if (!rule || rule->next != STATE_LINKING || state == STATE_LINKING)
				continue;
			assert_true((state == STATE_OFFERED && input == INPUT_ACCEPT) ||
				    (state == STATE_ANSWERING && input == INPUT_READY));
		}
	/* ANSWERING is behind a person's yes. */
	for (int state = 0; state < STATES; state++)
		for (int input = 1; input < INPUTS; input++) {
			const struct call_rule *rule = call_rule(state, input);

			if (rule && rule->next == STATE_ANSWERING && state != STATE_ANSWERING)
				assert_int_equal(state, STATE_PROCEEDED);
			if (rule && rule->next == STATE_PROCEEDED && state != STATE_PROCEEDED)
				assert_true(state == STATE_WAY_IN && input == INPUT_WAY);
			if (rule && rule->next == STATE_WAY_IN && state != STATE_WAY_IN)
				assert_true(state == STATE_RINGING && input == INPUT_ANSWER);
		}
}

static void
hanging_up_works_everywhere(void **unused)
{
	static const enum input ends[] = { INPUT_HANG_UP, INPUT_REJECT, INPUT_FAIL, INPUT_STREAM, INPUT_TERMINATE };

	(void)unused;
	for (int state = 0; state < STATE_ENDED; state++)
		for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
			assert_non_null(call_rule(state, ends[i]));
			assert_int_equal(call_rule(state, ends[i])->next, STATE_ENDED);
		}
}

static void
every_state_that_waits_for_others_ends_by_itself(void **unused)
{
	(void)unused;
	for (int state = STATE_WAY_OUT; state < STATE_ACTIVE; state++) {
		assert_true(call_state_patience(state) > 0);
		assert_non_null(call_rule(state, INPUT_LATE));
		assert_int_equal(call_rule(state, INPUT_LATE)->next, STATE_ENDED);
	}
	assert_int_equal(call_state_patience(STATE_ACTIVE), 0);
}

static void
nothing_follows_the_end(void **unused)
{
	(void)unused;
	for (int input = 1; input < INPUTS; input++)
		assert_null(call_rule(STATE_ENDED, input));
}

static void
every_state_is_reached(void **unused)
{
	bool reached[STATES] = { [STATE_NEW] = true };

	(void)unused;
	for (int round = 0; round < STATES; round++)
		for (int state = 0; state < STATES; state++)
			for (int input = 1; reached[state] && input < INPUTS; input++)
				if (call_rule(state, input))
					reached[call_rule(state, input)->next] = true;
	for (int state = 0; state < STATES; state++)
		assert_true(reached[state]);
}

static void
who_calls_without_pause_is_not_heard(void **unused)
{
	(void)unused;
	for (guint i = 0; i < 60; i++)
		assert_true(call_may_knock("me@good.test", "bob@away.test"));
	assert_false(call_may_knock("me@good.test", "bob@away.test"));
	assert_true(call_may_knock("me@good.test", "carol@away.test"));
	assert_true(call_may_knock("other@good.test", "bob@away.test"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_and_input_has_a_name),
		cmocka_unit_test(no_rule_is_hidden_by_another),
		cmocka_unit_test(active_has_one_door),
		cmocka_unit_test(linking_follows_a_yes_here_and_there),
		cmocka_unit_test(hanging_up_works_everywhere),
		cmocka_unit_test(every_state_that_waits_for_others_ends_by_itself),
		cmocka_unit_test(nothing_follows_the_end),
		cmocka_unit_test(every_state_is_reached),
		cmocka_unit_test(who_calls_without_pause_is_not_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
