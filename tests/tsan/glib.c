/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debian's GLib is not built with ThreadSanitizer: its locks are futexes and its counters atomics that the sanitizer does
 * not see, so what they order looks unordered. Here stand, for builds with the sanitizer alone, functions of the same names
 * ahead of the library's: each calls it, and tells the sanitizer what the manual of GLib promises, no more. Threads, and
 * the locks of pthread(7), it knows by itself.
 */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* The library's own. */
#define REAL(name) \
	({ \
		static __typeof__(&name) real; \
		__typeof__(&name) found = __atomic_load_n(&real, __ATOMIC_ACQUIRE); \
		if (!found) { \
			*(void **)&found = dlsym(RTLD_NEXT, #name); \
			__atomic_store_n(&real, found, __ATOMIC_RELEASE); \
		} \
		found; \
	})

/* ---- GMutex, GCond ------------------------------------------------------------------------------- */

void g_mutex_lock(GMutex *mutex)
{
	REAL(g_mutex_lock)(mutex);
	__tsan_acquire(mutex);
}

gboolean g_mutex_trylock(GMutex *mutex)
{
	gboolean locked = REAL(g_mutex_trylock)(mutex);

	if (locked)
		__tsan_acquire(mutex);
	return locked;
}

void g_mutex_unlock(GMutex *mutex)
{
	__tsan_release(mutex);
	REAL(g_mutex_unlock)(mutex);
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
	__tsan_release(mutex);
	REAL(g_cond_wait)(cond, mutex);
	__tsan_acquire(mutex);
}

/* ---- GAsyncQueue, GThreadPool -------------------------------------------------------------------- */

void g_async_queue_push(GAsyncQueue *queue, gpointer data)
{
	__tsan_release(queue);
	REAL(g_async_queue_push)(queue, data);
}

gpointer g_async_queue_pop(GAsyncQueue *queue)
{
	gpointer data = REAL(g_async_queue_pop)(queue);

	__tsan_acquire(queue);
	return data;
}

typedef struct {
	GFunc run;
	gpointer data;
} Pool;

static void run_task(gpointer task, gpointer data)
{
	Pool *pool = data;

	__tsan_acquire(task);
	pool->run(task, pool->data);
}

/* The pool's own record is never freed: there are a few, and a thread may just be coming from it. */
GThreadPool *g_thread_pool_new(GFunc run, gpointer data, gint threads, gboolean exclusive, GError **err)
{
	Pool *pool = g_new(Pool, 1);

	*pool = (Pool){ run, data };
	return REAL(g_thread_pool_new)(run_task, pool, threads, exclusive, err);
}

gboolean g_thread_pool_push(GThreadPool *pool, gpointer task, GError **err)
{
	__tsan_release(task);
	return REAL(g_thread_pool_push)(pool, task, err);
}

/* ---- what a thread leaves to the main loop ------------------------------------------------------- */

typedef struct {
	GSourceFunc run;
	gpointer data;
	gint added; /* atomic: what GLib made for it was made before */
} Idle;

static gboolean run_idle(gpointer data)
{
	Idle *idle = data;

	while (!g_atomic_int_get(&idle->added))
		g_thread_yield();
	return idle->run(idle->data);
}

guint g_idle_add(GSourceFunc run, gpointer data)
{
	Idle *idle = g_new(Idle, 1);
	guint id;

	*idle = (Idle){ run, data, 0 };
	id = g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, run_idle, idle, g_free);
	g_atomic_int_set(&idle->added, 1);
	return id;
}
