/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* stderr is the pipe's or terminal's while the test logs; Criterion runs each test in a process of its own. */
static char *read_all(int fd)
{
	static char text[65536];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[MAX(n, 0)] = '\0';
	return text;
}

/* As systemd tells a service whose standard error is the journal. */
static void journal_is(int fd)
{
	g_autofree char *value = NULL;
	struct stat at;

	cr_assert_eq(fstat(fd, &at), 0);
	value = g_strdup_printf("%ju:%ju", (uintmax_t)at.st_dev, (uintmax_t)at.st_ino);
	setenv("JOURNAL_STREAM", value, 1);
}

static int stderr_to_pipe(void)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	journal_is(STDERR_FILENO);
	cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	return ends[0];
}

static int stderr_to_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave;

	cr_assert_geq(master, 0);
	cr_assert_eq(grantpt(master), 0);
	cr_assert_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(slave, 0);
	cr_assert_eq(dup2(slave, STDERR_FILENO), STDERR_FILENO);
	cr_assert_eq(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	return master;
}

Test(log, key_value_when_not_a_terminal)
{
	int fd = stderr_to_pipe();

	nfp_log_init(NFP_LOG_INFO);
	nfp_log(NFP_LOG_WARNING, "collector a", "down: \"%s\"\n", "x\\y");
	cr_assert_str_eq(read_all(fd), "<4>level=warning room=\"collector a\" "
				       "msg=\"down: \\\"x\\\\y\\\"\\x0a\"\n");
}

Test(log, with_time_in_a_file)
{
	int fd = stderr_to_pipe();
	const char *line;

	unsetenv("JOURNAL_STREAM");
	nfp_log_init(NFP_LOG_INFO);
	nfp_log(NFP_LOG_WARNING, "collector a", "down: \"%s\"", "x");
	line = read_all(fd);
	cr_assert(g_regex_match_simple("^time=\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[+-]\\d\\d:\\d\\d level=warning "
				       "room=\"collector a\" msg=\"down: \\\\\"x\\\\\"\"\n$", line, 0, 0), "got '%s'", line);
}

Test(log, human_on_a_terminal)
{
	int fd = stderr_to_terminal();
	const char *line;

	unsetenv("JOURNAL_STREAM");
	nfp_log_init(NFP_LOG_INFO);
	nfp_log(NFP_LOG_ERROR, "probe", "interface %s\033[2J went away", "eth0");
	line = read_all(fd);
	cr_assert(g_regex_match_simple("^\\d\\d:\\d\\d:\\d\\d error: probe: interface "
				       "eth0\\\\x1b\\[2J went away\r\n$", line, 0, 0), "got '%s'", line);
}

/* A shell below a service has the service's variable, and a terminal. */
Test(log, human_on_a_terminal_that_is_not_the_journal)
{
	int journal = stderr_to_pipe(), fd = stderr_to_terminal();

	nfp_log_init(NFP_LOG_INFO);
	nfp_log(NFP_LOG_WARNING, "app", "up");
	cr_assert_not_null(strstr(read_all(fd), " warning: app: up\r\n"));
	close(journal);
}

Test(log, levels_below_the_least_are_silent)
{
	int fd = stderr_to_pipe();

	nfp_log_init(NFP_LOG_NOTICE);
	cr_assert(nfp_log_enabled(NFP_LOG_NOTICE));
	cr_assert_not(nfp_log_enabled(NFP_LOG_INFO));
	nfp_log(NFP_LOG_INFO, "app", "silent");
	cr_assert_str_eq(read_all(fd), "");
}

Test(log, equal_messages_are_folded)
{
	int fd = stderr_to_pipe();

	nfp_log_init(NFP_LOG_INFO);
	for (int i = 0; i < 1000; i++)
		nfp_log(NFP_LOG_WARNING, "app", "lost %s", "a packet");
	nfp_log(NFP_LOG_WARNING, "probe", "lost %s", "b");
	cr_assert_str_eq(read_all(fd), "<4>level=warning room=\"app\" msg=\"lost a packet\"\n"
				       "<4>level=warning room=\"probe\" msg=\"lost b\"\n");
	nfp_log_flush(TRUE);
	cr_assert_str_eq(read_all(fd), "<4>level=warning room=\"app\" "
				       "msg=\"... and 999 more like this: lost a packet\" left_out=999\n");
}

Test(log, messages_that_tell_different_things_are_not_folded)
{
	int fd = stderr_to_pipe();

	nfp_log_init(NFP_LOG_INFO);
	nfp_log(NFP_LOG_INFO, "app", "%s: metering", "ra");
	nfp_log(NFP_LOG_INFO, "app", "%s: metering", "rb");
	nfp_log_flush(TRUE);
	cr_assert_str_eq(read_all(fd), "<6>level=info room=\"app\" msg=\"ra: metering\"\n"
				       "<6>level=info room=\"app\" msg=\"rb: metering\"\n");
}

/* The same words about ever other things: a storm is cut short, and says what it cut. */
Test(log, storms_are_cut_short)
{
	int fd = stderr_to_pipe();
	g_auto(GStrv) lines = NULL;

	nfp_log_init(NFP_LOG_INFO);
	for (int i = 0; i < NFP_LOG_STORM + 123; i++)
		nfp_log(i % 2 ? NFP_LOG_WARNING : NFP_LOG_NOTICE, "interfaces", "veth%d has gone", i);
	nfp_log(NFP_LOG_INFO, "interfaces", "%s: metering", "eth0");
	nfp_log_flush(TRUE);
	lines = g_strsplit(read_all(fd), "\n", -1);
	cr_assert_eq(g_strv_length(lines), NFP_LOG_STORM + 3);
	cr_expect_str_eq(lines[NFP_LOG_STORM - 1], "<4>level=warning room=\"interfaces\" msg=\"veth99 has gone\"");
	cr_expect_str_eq(lines[NFP_LOG_STORM], "<6>level=info room=\"interfaces\" msg=\"eth0: metering\"");
	cr_expect_str_eq(lines[NFP_LOG_STORM + 1], "<5>level=notice room=\"interfaces\" "
			 "msg=\"... and 123 more like this: veth222 has gone\" left_out=123");
}

Test(log, libraries_complain_in_lines_like_ours)
{
	int fd = stderr_to_pipe();

	nfp_log_init(NFP_LOG_INFO);
	g_log("fixbuf", G_LOG_LEVEL_WARNING, "odd \"record\"");
	g_log(NULL, G_LOG_LEVEL_MESSAGE, "hello");
	g_log(NULL, G_LOG_LEVEL_INFO, "nobody wants to know");
	cr_assert_str_eq(read_all(fd), "<4>level=warning room=\"fixbuf\" msg=\"odd \\\"record\\\"\"\n"
				       "<6>level=info room=\"library\" msg=\"hello\"\n");
}

static void *log_a_lot(void *data)
{
	for (int i = 0; i < 300; i++)
		nfp_log(NFP_LOG_INFO, data, i % 2 ? "odd %d" : "even %d", i);
	return NULL;
}

Test(log, threads)
{
	int fd = stderr_to_pipe();
	GThread *a;
	GThread *b;
	g_auto(GStrv) lines = NULL;
	guint n = 0;

	nfp_log_init(NFP_LOG_INFO);
	a = g_thread_new("a", log_a_lot, (void *)"a");
	b = g_thread_new("b", log_a_lot, (void *)"b");
	g_thread_join(a);
	g_thread_join(b);
	lines = g_strsplit(read_all(fd), "\n", -1);
	for (; lines[n] && *lines[n]; n++)
		cr_assert(g_str_has_prefix(lines[n], "<6>level=info room=\""));
	cr_assert_geq(n, 4);
}
