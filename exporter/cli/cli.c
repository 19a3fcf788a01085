/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "record/suggest.h"

/* Help fits a terminal of 80 columns (tests/unit/cli/test_cli.c). */
static const NfpCommand commands[] = {
	{ .name = "run",
	  .arguments = "",
	  .run = nfp_cmd_run,
	  .summary = "meter interfaces and send flow records until stopped (Ctrl-C)",
	  .help = "Without a configuration and without options: ingress of every interface that\n"
		  "is up (one device of each stack, the one nearest the wire; no loopback), a\n"
		  "table on the screen every 10 seconds. -i and --collector take the place of\n"
		  "the lists in the configuration file.\n"
		  "\n"
		  "When nfprobe ends, its programs stay attached and go on counting for the next\n"
		  "start; `nfprobe detach` removes them.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe run                                  look at this machine's traffic\n"
		  "  nfprobe run -i eth0 --direction both --json  a JSON line a flow and bucket\n"
		  "  nfprobe run -i 'eth*' --interval 60s --collector udp://192.0.2.7:4739\n"
		  "  nfprobe run -c /etc/nfprobe/nfprobe.yaml     as a service does\n" },
	{ .name = "status",
	  .arguments = "",
	  .run = nfp_cmd_status,
	  .summary = "show what was counted, where it went, and whether the books close",
	  .help = "Reads the pinned maps: works without a running nfprobe, too (the collectors'\n"
		  "lines need one). The books: every packet that was seen is in a record, in an\n"
		  "open bucket, or lost for a named reason: seen = recorded + open + lost. Exact\n"
		  "when traffic rests.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe status\n"
		  "  nfprobe status --json | jq .lost\n" },
	{ .name = "reload",
	  .arguments = "",
	  .run = nfp_cmd_reload,
	  .summary = "make a running nfprobe read its configuration file again",
	  .help = "Packets are counted all the time. Only what differs starts anew: a collector\n"
		  "whose options have changed gets a new session and all that waited for it; the\n"
		  "others notice nothing. A file that is wrong changes nothing: the answer says\n"
		  "where the fault is (exit code 2). SIGHUP does the same; the log has the answer.\n"
		  "-c and --instance say which nfprobe is meant; it reads the file that it was\n"
		  "started with, and its other options count again.\n"
		  "\n"
		  "Example:\n"
		  "  nfprobe reload && nfprobe status\n" },
	{ .name = "flows",
	  .arguments = "",
	  .run = nfp_cmd_flows,
	  .summary = "show the flows of the buckets that are open now",
	  .help = "Reads the pinned maps: works without a running nfprobe and disturbs nothing.\n"
		  "With -i IFACE that is not metered yet, a hook is attached for as long as you\n"
		  "look (in an instance of its own) and removed again.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe flows                      the 20 largest\n"
		  "  nfprobe flows -n 0 --json          all, one JSON object a line\n"
		  "  nfprobe flows --sort last -w 5     the latest, again every 5 seconds\n"
		  "  nfprobe flows --filter 'net 192.0.2.0/24 and not port 443'\n"
		  "  nfprobe flows -i eth0              what comes in at eth0, live\n"
		  "  nfprobe flows -i eth0 --hook xdp   the same, counted by XDP\n" },
	{ .name = "top",
	  .arguments = "",
	  .run = nfp_cmd_top,
	  .summary = "watch interfaces and the busiest flows on the terminal",
	  .help = "Reads the pinned maps: works without a running nfprobe, too. Keys: b p o c order\n"
		  "by bits/s, packets/s, bytes, packets; r reverses; / filters; space pauses;\n"
		  "arrows scroll; + - change the speed; ? tells more; q ends.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe top\n"
		  "  nfprobe top --match 'tcp :443'\n"
		  "  nfprobe top --once -n 5            one picture, for scripts\n" },
	{ .name = "replay",
	  .arguments = "FILE",
	  .run = nfp_cmd_replay,
	  .summary = "meter a capture (pcap, pcapng) as if it came by now",
	  .help = "Feeds the frames to the same BPF program, with the capture's times and lengths\n"
		  "on the wire, into maps of its own: a running nfprobe is not disturbed. Prints\n"
		  "a table, JSON lines, or sends IPFIX. FILE - is standard input. The\n"
		  "configuration's interfaces and collectors do not count here.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe replay trace.pcap\n"
		  "  nfprobe replay trace.pcapng --interval 60s --json\n"
		  "  nfprobe replay trace.pcap --collector udp://127.0.0.1:4739\n" },
	{ .name = "check",
	  .arguments = "",
	  .run = nfp_cmd_check,
	  .summary = "tell what is wrong with a configuration file, all of it at once",
	  .help = "Each fault is a line FILE:LINE:COLUMN: what is wrong, what is allowed.\n"
		  "Changes nothing and needs no privilege.\n"
		  "\n"
		  "Example:\n"
		  "  nfprobe check -c /etc/nfprobe/nfprobe.yaml\n" },
	{ .name = "doctor",
	  .arguments = "",
	  .run = nfp_cmd_doctor,
	  .summary = "tell what works here and what does not, and what to do",
	  .help = "Privileges, kernel, clock, memory, interfaces and who else is attached to them,\n"
		  "templates, databases, collectors: a line each, ok, warn or fail. Changes nothing;\n"
		  "a collector over TCP is connected to, one over UDP gets an empty datagram.\n"
		  "\n"
		  "With --collector NAME: its templates and a sample record (documentation\n"
		  "addresses, protocol 253) through tshark, and which fields that kind of collector\n"
		  "ignores. --send sends the sample to it as well.\n"
		  "\n"
		  "Exit code: 0 nothing fails, 1 something does, 77 nothing can be metered here.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe doctor\n"
		  "  nfprobe doctor -c /etc/nfprobe/nfprobe.yaml --json | jq .result\n"
		  "  nfprobe doctor -c /etc/nfprobe/nfprobe.yaml --collector nfdump\n" },
	{ .name = "attach",
	  .arguments = "IFACE",
	  .run = nfp_cmd_attach,
	  .summary = "attach to one interface by hand",
	  .help = "Packets are counted from now on; `nfprobe run` exports them. Programs and\n"
		  "queueing disciplines of others stay as they are.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe attach eth0\n"
		  "  nfprobe attach eth0 --direction both\n"
		  "  nfprobe attach eth0 --hook xdp\n"
		  "  nfprobe attach veth0 --netns blue\n" },
	{ .name = "detach",
	  .arguments = "[IFACE]",
	  .run = nfp_cmd_detach,
	  .summary = "remove the programs; without an interface also all maps and pins",
	  .help = "Without IFACE, all of the instance goes, in every network namespace it meters:\n"
		  "what was counted and not exported yet is gone. `nfprobe run --flush` exports\n"
		  "it when it is stopped. Refused while nfprobe runs: stop it first.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe detach eth0\n"
		  "  nfprobe detach\n" },
	{ .name = "object",
	  .arguments = "IFACE -o FILE",
	  .run = nfp_cmd_object,
	  .summary = "write the BPF program for an interface to a file that tc can install",
	  .help = "For those who install by tc and do not let nfprobe attach: the file has the\n"
		  "interface's settings resolved, and its program counts into this instance's\n"
		  "maps. To install it:\n"
		  "  tc qdisc add dev IFACE clsact\n"
		  "  tc filter add dev IFACE ingress bpf da obj FILE sec tc\n"
		  "\n"
		  "Example:\n"
		  "  nfprobe object eth0 -o eth0.o\n" },
	{ .name = "enrich",
	  .arguments = "VERB ...",
	  .run = nfp_cmd_enrich,
	  .summary = "make, fill and ask the database of names, ASes and places",
	  .help = "  enrich create                        an empty database\n"
		  "  enrich import FORMAT FILE --source NAME\n"
		  "                                       rows of a file in the place of NAME's\n"
		  "  enrich lookup ADDRESS                what records get for it, and why\n"
		  "  enrich list                          sources, and how many rows they have\n"
		  "  enrich interfaces                    what records get for each interface, and\n"
		  "                                       whose word it is\n"
		  "  enrich export [--table TABLE] [--source NAME]\n"
		  "                                       CSV that imports again to the same\n"
		  "\n"
		  "Without -d and without one in the configuration, the database is\n"
		  "/var/lib/nfprobe/enrichment.db.\n"
		  "\n"
		  "FORMAT is csv or tsv (the first line names the columns), mmdb, ip2asn, or\n"
		  "routes (prefix|AS path). FILE - is standard input. An import is done as a\n"
		  "whole or not at all; a running nfprobe uses it from the next bucket on. Rows\n"
		  "of your own go in by SQL: docs/enrichment.md.\n"
		  "\n"
		  "Examples:\n"
		  "  nfprobe enrich import ip2asn ip2asn-combined.tsv --source iptoasn\n"
		  "  nfprobe enrich import mmdb GeoLite2-City.mmdb --source geolite\n"
		  "  nfprobe enrich lookup 192.0.2.1\n" },
	{ .name = "fields",
	  .arguments = "",
	  .run = nfp_cmd_fields,
	  .summary = "list the fields that can be exported",
	  .help = "`needs` tells which records have the field. The names go into template sets.\n" },
	{ .name = "version",
	  .arguments = "",
	  .run = nfp_cmd_version,
	  .summary = "print the version",
	  .help = "" },
	{ .name = "schema",
	  .arguments = "",
	  .run = nfp_cmd_schema,
	  .hidden = TRUE,
	  .summary = "print the sample configuration or its reference",
	  .help = "config/nfprobe.yaml, docs/config.md and nfprobe.yaml(5) are made by this\n"
		  "command.\n" },
};

static void print_overview(FILE *out)
{
	fprintf(out,
		"nfprobe " NFP_VERSION ": counts every packet once, in the kernel, and sends flow\n"
		"records (IPFIX) to collectors such as nfdump.\n"
		"\n"
		"usage: nfprobe COMMAND [OPTIONS]\n"
		"\n");
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!commands[i].hidden)
			fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
	fprintf(out,
		"\n"
		"To begin with, as root:  nfprobe run     a table of flows every 10 seconds\n"
		"All about one command:   nfprobe COMMAND --help\n"
		"The manual page:         man nfprobe\n"
		"\n"
		"Exit codes: 0 fine, 1 failed, 2 wrong command line or configuration, 77 cannot\n"
		"run here (no privilege, no BPF).\n");
}

static const NfpCommand *find(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[G_N_ELEMENTS(commands)];
	guint n = 0;
	const char *near;

	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!commands[i].hidden)
			names[n++] = commands[i].name;
	near = nfp_suggest(name, names, n);
	fprintf(stderr, "nfprobe: there is no %s \"%s\"%s%s%s; nfprobe --help lists the commands\n",
		name[0] == '-' ? "option" : "command", name, near ? ", did you mean \"" : "",
		near ? near : "", near ? "\"?" : "");
	return NFP_ERROR_USAGE;
}

/* `nfprobe help`, `nfprobe help COMMAND` */
static int help(int argc, char **argv)
{
	char option[] = "--help";
	char *arguments[] = { NULL, option, NULL };
	const NfpCommand *command;

	if (argc < 2) {
		print_overview(stdout);
		return 0;
	}
	command = find(argv[1]);
	if (!command)
		return unknown(argv[1]);
	arguments[0] = argv[1];
	return command->run(command, 2, arguments);
}

static int dispatch(int argc, char **argv)
{
	const NfpCommand *command;

	if (argc < 2) {
		print_overview(stderr);
		return NFP_ERROR_USAGE;
	}
	if (g_str_equal(argv[1], "help") || g_str_equal(argv[1], "--help") ||
	    g_str_equal(argv[1], "-h"))
		return help(argc - 1, argv + 1);
	command = find(g_str_equal(argv[1], "--version") ? "version" : argv[1]);
	if (!command)
		return unknown(argv[1]);
	return command->run(command, argc - 1, argv + 1);
}

/* Else the first file that we open takes the place of one that is closed (`>&-`), and gets what is printed. Opened for
 * reading: a write still fails. */
static void fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int nfp_cli_main(int argc, char **argv)
{
	int code;

	fill_standard_files();
	nfp_probe_take_capabilities();
	nfp_log_init(NFP_LOG_INFO);
	code = dispatch(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "nfprobe: standard output cannot be written: %s\n",
			g_strerror(errno));
		return code ? code : NFP_ERROR_FAILED;
	}
	return code;
}
