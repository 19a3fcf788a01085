/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/bpflog.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINES 24          /* of the verifier's log; its end tells the reason */
#define BYTES_MAX 1048576 /* kept at most while libbpf talks */

struct NfpBpfLog {
	GString *text;
};

/* libbpf's callback has no data argument, so there is one log a thread. Set only between
 * nfp_bpflog_begin() and nfp_bpflog_free() of that thread. */
static _Thread_local NfpBpfLog *current;

static int G_GNUC_PRINTF(2, 0) log_line(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && current && current->text->len < BYTES_MAX)
		g_string_append_vprintf(current->text, format, args);
	return 0;
}

NfpBpfLog *nfp_bpflog_begin(void)
{
	NfpBpfLog *log = g_new0(NfpBpfLog, 1);

	log->text = g_string_new(NULL);
	/* Each time, with the same value: there is nothing that another thread could see change. */
	libbpf_set_print(log_line);
	current = log;
	return log;
}

void nfp_bpflog_free(NfpBpfLog *log)
{
	if (!log)
		return;
	current = NULL;
	g_string_free(log->text, TRUE);
	g_free(log);
}

const char *nfp_bpflog_text(NfpBpfLog *log)
{
	const char *at;
	int lines = 0;

	while (log->text->len && g_ascii_isspace(log->text->str[log->text->len - 1]))
		g_string_truncate(log->text, log->text->len - 1);
	for (at = log->text->str + log->text->len; at > log->text->str; at--) {
		if (at[-1] == '\n' && ++lines == LINES)
			break;
	}
	return at;
}

void nfp_bpflog_explain(NfpBpfLog *log, GError **err)
{
	const char *text = nfp_bpflog_text(log);
	char *message;

	if (!err || !*err || !*text)
		return;
	message = g_strconcat((*err)->message, "\n", text, NULL);
	g_free((*err)->message);
	(*err)->message = message;
}
