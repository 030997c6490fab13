/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From other threads to the main loop. */
#include "base/mailbox.h"

#include <gio/gio.h>

struct job {
	void (*work)(gpointer data);
	void (*done)(gpointer data);
	gpointer data;
};

static void
run(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	struct job *job = task_data;

	(void)source;
	(void)cancellable;
	job->work(job->data);
	g_task_return_boolean(task, TRUE);
}

static void
finish(GObject *source, GAsyncResult *result, gpointer data)
{
	struct job *job = g_task_get_task_data(G_TASK(result));

	(void)source;
	(void)data;
	if (job->done)
		job->done(job->data);
}

void
mailbox_run(void (*work)(gpointer data), void (*done)(gpointer data), gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, finish, NULL);
	struct job *job = g_new0(struct job, 1);

	job->work = work;
	job->done = done;
	job->data = data;
	g_task_set_task_data(task, job, g_free);
	g_task_run_in_thread(task, run);
}

struct part {
	void (*work)(gpointer part);
	gpointer part;
	GThread *thread;
};

static gpointer
run_part(gpointer data)
{
	const struct part *part = data;

	part->work(part->part);
	return NULL;
}

void
mailbox_together(void (*work)(gpointer part), gpointer *parts, guint count)
{
	struct part all[MAILBOX_TOGETHER] = { 0 };

	g_return_if_fail(count <= MAILBOX_TOGETHER);
	for (guint i = 1; i < count; i++) {
		all[i] = (struct part){ work, parts[i], NULL };
		all[i].thread = g_thread_try_new("part", run_part, &all[i], NULL);
	}
	for (guint i = 0; i < count; i++) {
		if (!all[i].thread)
			work(parts[i]);
	}
	for (guint i = 1; i < count; i++) {
		if (all[i].thread)
			g_thread_join(all[i].thread);
	}
}
