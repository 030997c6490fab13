/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions for something unseen: passwords, and the passphrase of the store with a screen of its own. */
#include <string.h>

#include "api/error.h"
#include "ui/front.h"
#include "ui/keys.h"
#include "ui/layout.h"
#include "ui/term.h"

#define SECRET_MAX 1024
#define PASSPHRASE_MIN 8

/* A question waits its turn. */
struct question {
	char *prompt;
	void (*done)(Secret *text, gpointer data);
	gpointer data;
};

static GQueue questions = G_QUEUE_INIT;
static Secret *typed; /* SECRET_MAX bytes of locked memory */
static size_t length;
static struct layout_ask shown;

/* The unlock screen. */
static enum { UNLOCK_NO, UNLOCK_WAIT, UNLOCK_ASK, UNLOCK_CREATE, UNLOCK_REPEAT, UNLOCK_BUSY, UNLOCK_CLOSING } state;
static bool creating;
static void (*unlock)(Secret *passphrase);
static Secret *first; /* what has to be repeated */
static char *trouble;
static guint tries; /* wrong passphrases so far */

/* Typed while the store opens: done once it is open, forgotten when it stays locked. It is not shown before, since it may be
 * a passphrase that came before the question. */
#define KEPT_KEYS 2000
struct key {
	char *name, *text;
};
static GQueue kept = G_QUEUE_INIT;

static void
key_free(gpointer data)
{
	struct key *key = data;
	g_free(key->name);
	g_free(key->text);
	g_free(key);
}

static void
keep_key(const char *name, const char *text)
{
	struct key *key = g_new(struct key, 1);
	*key = (struct key){ g_strdup(name), g_strdup(text) };
	if (g_queue_get_length(&kept) < KEPT_KEYS)
		g_queue_push_tail(&kept, key);
	else
		key_free(key);
}

static void
forget_typed(void)
{
	secret_free(typed);
	typed = secret_new(SECRET_MAX);
	length = 0;
}

static void
show(void)
{
	static const char *const prompts[] = {
		[UNLOCK_ASK] = "Passphrase:",
		[UNLOCK_CREATE] = "Choose a passphrase:",
		[UNLOCK_REPEAT] = "Once more:",
		[UNLOCK_BUSY] = "Opening …",
		[UNLOCK_CLOSING] = "Closing …",
	};
	const struct question *question = g_queue_peek_head(&questions);
	if (state == UNLOCK_CLOSING) {
		shown = (struct layout_ask){
			.whole = true,
			.title = "sotto\n\nYour messages and keys are being locked. What you type now is not kept.",
			.prompt = prompts[state],
		};
		layout_ask(&shown);
	} else if (state > UNLOCK_WAIT) {
		shown = (struct layout_ask){
			.whole = true,
			.title = creating
					 ? "sotto\n\nA passphrase encrypts your messages and keys on this disk. Nobody can bring "
					   "it back "
					   "once it is forgotten.\n\nWhat you type is not shown. Ctrl+D leaves."
					 : "sotto\n\nYour messages and keys are locked. What you type is not shown. Ctrl+D leaves.",
			.prompt = prompts[state],
			.trouble = trouble,
		};
		layout_ask(&shown);
	} else if (question) {
		shown = (struct layout_ask){ .prompt = question->prompt };
		layout_ask(&shown);
	} else {
		layout_ask(NULL);
	}
}

void
secret_ask(const char *prompt, void (*done)(Secret *text, gpointer data), gpointer data)
{
	struct question *question = g_new0(struct question, 1);
	question->prompt = g_strdup_printf("%s (not shown, Ctrl+C gives up) ", prompt);
	question->done = done;
	question->data = data;
	g_queue_push_tail(&questions, question);
	if (g_queue_get_length(&questions) == 1)
		forget_typed();
	show();
}

static void
forget_kept(void)
{
	g_queue_clear_full(&kept, key_free);
}

static void
set_trouble(const char *text)
{
	g_free(trouble);
	trouble = g_strdup(text);
}

void
secret_wait(void)
{
	state = UNLOCK_WAIT;
}

void
secret_lock(void)
{
	state = UNLOCK_CLOSING;
	creating = false;
	forget_typed();
	forget_kept();
	set_trouble(NULL);
	layout_clear_hint();
	show();
	layout_now(PART_ALL);
	term_stay_hushed();
}

void
secret_unlock(bool create, void (*call)(Secret *passphrase))
{
	state = create ? UNLOCK_CREATE : UNLOCK_ASK;
	creating = create;
	unlock = call;
	forget_typed();
	forget_kept();
	term_forget_typed();
	layout_clear_hint();
	show();
	/* The question stands there before anything that is typed from now on is taken for the answer. */
	layout_now(PART_ALL);
}

bool
secret_unlock_failed(const char *reason)
{
	bool lost = !g_queue_is_empty(&kept);
	if (state == UNLOCK_CLOSING)
		return true;
	/* Kept for the screen that comes, too. */
	if (state == UNLOCK_BUSY && ++tries > 1) {
		g_autofree char *counted = g_strdup_printf("%s, %u times now", reason, tries);
		set_trouble(counted);
	} else {
		set_trouble(reason);
	}
	if (lost && state == UNLOCK_BUSY) {
		g_autofree char *whole = g_strconcat(trouble, "; what you typed meanwhile is forgotten", NULL);
		set_trouble(whole);
	}
	if (state <= UNLOCK_WAIT)
		return false;
	state = creating ? UNLOCK_CREATE : UNLOCK_ASK;
	forget_kept();
	show();
	return true;
}

bool
secret_is_opening(void)
{
	return state == UNLOCK_BUSY;
}

void
secret_unlock_done(void)
{
	set_trouble(NULL);
	tries = 0;
	if (state == UNLOCK_NO)
		return;
	state = UNLOCK_NO;
	layout_clear_hint();
	show();
	for (struct key *key; front_is_on() && (key = g_queue_pop_head(&kept)); key_free(key))
		keys_press(key->name, key->text);
}

void
secret_wait_over(void)
{
	if (state == UNLOCK_WAIT)
		secret_unlock_done();
}

bool
secret_is_asked(void)
{
	return state != UNLOCK_NO || !g_queue_is_empty(&questions);
}

static void
end_question(Secret *text)
{
	struct question *question = g_queue_pop_head(&questions);
	show();
	question->done(text, question->data);
	g_free(question->prompt);
	g_free(question);
}

bool
ui_passphrase_is_good(const Secret *text)
{
	return g_utf8_strlen(secret_bytes(text), secret_length(text)) >= PASSPHRASE_MIN;
}

static void
enter_passphrase(Secret *text)
{
	if (state == UNLOCK_CREATE && !ui_passphrase_is_good(text)) {
		secret_free(text);
		set_trouble(UI_PASSPHRASE_BAD);
	} else if (state == UNLOCK_CREATE) {
		secret_free(first);
		first = text;
		state = UNLOCK_REPEAT;
		set_trouble(NULL);
	} else if (state == UNLOCK_REPEAT && !secret_equal(first, text)) {
		secret_free(text);
		g_clear_pointer(&first, secret_free);
		state = UNLOCK_CREATE;
		set_trouble("the two passphrases were not the same: choose one again");
	} else {
		g_clear_pointer(&first, secret_free);
		state = UNLOCK_BUSY;
		set_trouble(NULL);
		show();
		layout_now(PART_ALL);
		unlock(text);
		return;
	}
	show();
}

static void
enter(void)
{
	if (!length)
		return;
	Secret *text = secret_copy(secret_bytes(typed), length);
	forget_typed();
	if (state != UNLOCK_NO)
		enter_passphrase(text);
	else
		end_question(text);
}

static void
add(const char *text)
{
	size_t more = strcspn(text, "\n");
	if (length + more < SECRET_MAX) {
		memcpy((char *)secret_fill(typed) + length, text, more);
		length += more;
	}
}

static void
backspace(void)
{
	const char *bytes = secret_bytes(typed);
	while (length && (bytes[--length] & 0xc0) == 0x80)
		;
}

void
secret_key(const char *name, const char *text)
{
	if ((state == UNLOCK_BUSY || state == UNLOCK_WAIT) && strcmp(name, "C-d")) {
		keep_key(name, text);
		if (state == UNLOCK_WAIT)
			layout_hint(STYLE_STATUS, "Opening the store … Ctrl+D leaves");
	} else if (state == UNLOCK_CLOSING && strcmp(name, "C-d"))
		return;
	else if (text)
		add(text);
	else if (!strcmp(name, "Enter"))
		enter();
	else if (!strcmp(name, "Backspace"))
		backspace();
	else if (!strcmp(name, "C-u"))
		forget_typed();
	else if (state != UNLOCK_NO && !strcmp(name, "C-d"))
		front_leave();
	else if (state == UNLOCK_NO && (!strcmp(name, "C-c") || !strcmp(name, "C-g"))) {
		forget_typed();
		end_question(NULL);
	}
}

void
secret_stop(void)
{
	while (!g_queue_is_empty(&questions))
		end_question(NULL);
	g_clear_pointer(&typed, secret_free);
	g_clear_pointer(&first, secret_free);
	g_clear_pointer(&trouble, g_free);
	forget_kept();
	state = UNLOCK_NO;
	length = 0;
}
