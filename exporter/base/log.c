/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log_fold.h"

static const struct {
	const char *name;
	int priority; /* syslog(3), sd-daemon(3) */
} levels[] = {
	[NFP_LOG_ERROR] = { "error", 3 },
	[NFP_LOG_WARNING] = { "warning", 4 },
	[NFP_LOG_NOTICE] = { "notice", 5 },
	[NFP_LOG_INFO] = { "info", 6 },
	[NFP_LOG_DEBUG] = { "debug", 7 },
};

enum { FORM_FILE, FORM_JOURNAL, FORM_TERMINAL };

/* The one piece of state of the process: there is one stderr, and every thread writes to it. */
static struct {
	pthread_mutex_t lock;
	NfpLogFold equal; /* the same text: within a second it tells nothing new */
	NfpLogFold alike; /* the same words about ever other things: a storm */
	atomic_int least;
	atomic_int form;
} state = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.equal = { .window = G_USEC_PER_SEC, .burst = 1 },
	.alike = { .window = NFP_LOG_STORM_S * G_USEC_PER_SEC, .burst = NFP_LOG_STORM },
	.least = NFP_LOG_INFO,
};

/* What GLib and the libraries on it complain of: lines like all others, not raw text on somebody's terminal. Fatal ones
 * end the process all the same. */
static void from_library(const char *domain, GLogLevelFlags flags, const char *message, gpointer data)
{
	NfpLogLevel level = flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL) ? NFP_LOG_ERROR
			    : flags & G_LOG_LEVEL_WARNING			? NFP_LOG_WARNING
			    : flags & G_LOG_LEVEL_MESSAGE			? NFP_LOG_INFO
										: NFP_LOG_DEBUG;

	nfp_log(level, domain ? domain : "library", "%s", message);
}

/* systemd.exec(5): device and inode of the journal's stream. The variable is inherited by shells whose standard error is
 * something else by then. */
static gboolean is_journal(int fd)
{
	g_autofree char *own = NULL;
	struct stat at;

	if (fstat(fd, &at) < 0)
		return FALSE;
	own = g_strdup_printf("%ju:%ju", (uintmax_t)at.st_dev, (uintmax_t)at.st_ino);
	return !g_strcmp0(g_getenv("JOURNAL_STREAM"), own);
}

void nfp_log_init(NfpLogLevel least)
{
	g_log_set_default_handler(from_library, NULL);
	atomic_store(&state.least, (int)least);
	atomic_store(&state.form, is_journal(STDERR_FILENO) ? FORM_JOURNAL
				  : isatty(STDERR_FILENO)  ? FORM_TERMINAL
							   : FORM_FILE);
}

gboolean nfp_log_enabled(NfpLogLevel level)
{
	return (int)level <= atomic_load(&state.least);
}

/* Names of interfaces, files and peers come from others: no control character reaches a terminal or
 * breaks a line, and `quoted` text stays inside its quotes. */
static void append_clean(GString *line, const char *text, gboolean quoted)
{
	for (const char *c = text; *c; c++) {
		if ((guchar)*c < 0x20 || *c == 0x7f)
			g_string_append_printf(line, "\\x%02x", (guchar)*c);
		else if (quoted && (*c == '"' || *c == '\\'))
			g_string_append_printf(line, "\\%c", *c);
		else
			g_string_append_c(line, *c);
	}
}

/* extra: key=value pairs to append, or NULL. */
static void print_line(NfpLogLevel level, const char *room, const char *text, const char *extra)
{
	g_autoptr(GString) line = g_string_sized_new(160);
	int form = atomic_load(&state.form);
	g_autoptr(GDateTime) now = form == FORM_JOURNAL ? NULL : g_date_time_new_now_local();
	g_autofree char *time =
		now ? g_date_time_format(now, form == FORM_TERMINAL ? "%H:%M:%S" : "%FT%T%:z") : NULL;
	const char *rest;
	gsize left;

	if (form == FORM_TERMINAL) {
		g_string_append_printf(line, "%s ", time ? time : "-");
		if (level != NFP_LOG_INFO && level != NFP_LOG_NOTICE)
			g_string_append_printf(line, "%s: ", levels[level].name);
		append_clean(line, room, FALSE);
		g_string_append(line, ": ");
		append_clean(line, text, FALSE);
	} else {
		if (form == FORM_JOURNAL)
			g_string_append_printf(line, "<%d>", levels[level].priority);
		else
			g_string_append_printf(line, "time=%s ", time ? time : "-");
		g_string_append_printf(line, "level=%s room=\"", levels[level].name);
		append_clean(line, room, TRUE);
		g_string_append(line, "\" msg=\"");
		append_clean(line, text, TRUE);
		g_string_append_c(line, '"');
		if (extra)
			g_string_append_printf(line, " %s", extra);
	}
	g_string_append_c(line, '\n');

	/* One write a line, so that lines of other processes on the same stderr do not mix in. A line
	 * that cannot be written has nowhere to be reported. */
	rest = line->str;
	left = line->len;
	while (left > 0) {
		ssize_t n = write(STDERR_FILENO, rest, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		rest += n;
		left -= (gsize)n;
	}
}

static void report_folded(const NfpLogFoldSlot *slot, void *data)
{
	g_autofree char *text = g_strdup_printf("... and %u more like this: %s", slot->left_out, slot->text);
	g_autofree char *extra = g_strdup_printf("left_out=%u", slot->left_out);

	print_line(slot->level, slot->room, text, extra);
}

void nfp_log(NfpLogLevel level, const char *room, const char *format, ...)
{
	gint64 now = g_get_monotonic_time();
	g_autofree char *text = NULL;
	va_list args;

	if (!nfp_log_enabled(level))
		return;
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);

	pthread_mutex_lock(&state.lock);
	if (nfp_log_fold_admit(&state.equal, now, level, room, text, text, report_folded, NULL) &&
	    nfp_log_fold_admit(&state.alike, now, level, room, format, text, report_folded, NULL))
		print_line(level, room, text, NULL);
	pthread_mutex_unlock(&state.lock);
}

void nfp_log_flush(gboolean all)
{
	pthread_mutex_lock(&state.lock);
	nfp_log_fold_expire(&state.equal, all ? G_MAXINT64 : g_get_monotonic_time(), report_folded, NULL);
	nfp_log_fold_expire(&state.alike, all ? G_MAXINT64 : g_get_monotonic_time(), report_folded, NULL);
	pthread_mutex_unlock(&state.lock);
}
