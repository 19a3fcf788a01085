/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one file and one row of commands[] (cli.c) a sub-command. Help is printed from
 * the rows and from the commands' option entries. Exit codes are those of design section 9
 * (NfpErrorCode).
 */
#ifndef NFP_CLI_CLI_H
#define NFP_CLI_CLI_H

#include <glib.h>

#include "app/app.h"
#include "conf/conf.h"

typedef struct NfpCommand NfpCommand;
struct NfpCommand {
	const char *name;
	const char *arguments; /* beside the options: "IFACE", "" */
	const char *summary;   /* a line in the overview */
	const char *help;      /* paragraphs and examples below the options */
	gboolean hidden;       /* not in the overview */
	/* argv[0] is the command's name. Returns the exit code, after printing what went wrong. */
	int (*run)(const NfpCommand *command, int argc, char **argv);
};

/* All of it: what main() returns. */
int nfp_cli_main(int argc, char **argv);

int nfp_cmd_attach(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_check(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_detach(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_doctor(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_enrich(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_fields(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_flows(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_object(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_reload(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_replay(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_run(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_schema(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_status(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_top(const NfpCommand *command, int argc, char **argv);
int nfp_cmd_version(const NfpCommand *command, int argc, char **argv);

/* ---- options.c: what commands share
 * ----------------------------------------------------------------------- */

/* Reads the options (entries end with G_OPTION_ENTRY_NULL) out of argv; argv[1..] are the arguments
 * then, at least `least` and at most `most`. FALSE: help was printed or something is wrong and was
 * told; *ret_code is the exit code. */
gboolean nfp_cli_parse(const NfpCommand *command, const GOptionEntry *entries, int least, int most,
		       int *argc, char ***argv, int *ret_code);
/* "nfprobe COMMAND: message" on stderr. Returns the exit code. */
int nfp_cli_fail(const NfpCommand *command, const GError *err);
int nfp_cli_usage(const NfpCommand *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Options of every command that works on an instance. */
typedef struct {
	char *file;	/* -c */
	char *instance; /* --instance */
} NfpCliCommon;
void nfp_cli_common_clear(NfpCliCommon *common);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpCliCommon, nfp_cli_common_clear)

/* clang-format off */
#define NFP_CLI_COMMON(common)                                                                   \
	{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &(common).file,                               \
	  "configuration file (none: built-in defaults)", "FILE" },                     \
	{ "instance", 0, 0, G_OPTION_ARG_STRING, &(common).instance,                             \
	  "which one, where several run on one machine (default)", "NAME" }
/* clang-format on */

/* The configuration that the options name, or the built-in one. NULL: told, *ret_code set. */
NfpConf *nfp_cli_conf(const NfpCommand *command, const NfpCliCommon *common, int *ret_code);

/* FALSE when this user may not even look at the pins (nothing pinned is fine): told, *ret_code
 * set. */
gboolean nfp_cli_may_look(const NfpCommand *command, const NfpConf *conf, int *ret_code);

/* FALSE when BPF cannot be used here at all: told, *ret_code set. Another network namespace that
 * cannot be had is no such obstacle. */
gboolean nfp_cli_may_meter(const NfpCommand *command, const NfpConf *conf, int *ret_code);

/* TRUE when our network namespace has no such interface; err says which there are. */
gboolean nfp_cli_no_interface(const char *name, GError **err);

/* The endpoints of --collector in the place of the configuration's collectors. */
gboolean nfp_cli_add_collectors(NfpConf *conf, char **endpoints, GError **err);

/* One domain of an instance, for the commands that work on an interface. */
typedef struct {
	NfpCliCommon common;
	char *netns;	 /* --netns */
	char *direction; /* --direction, as it was typed */
	NfpConf *conf;
	NfpDomain *domain;
	NfpProbe *probe;
} NfpCliTarget;
void nfp_cli_target_clear(NfpCliTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfpCliTarget, nfp_cli_target_clear)

/* clang-format off */
#define NFP_CLI_TARGET(target)                                                                   \
	{ "netns", 0, 0, G_OPTION_ARG_STRING, &(target).netns,                                   \
	  "IFACE is in this network namespace (of ip netns)", "NAME" },                          \
	NFP_CLI_COMMON((target).common)
/* clang-format on */

/* Opens the maps of the domain of interface `ifname`, and makes them if `make`. ret_direction: NULL
 * for a command without --direction. FALSE: told, *ret_code set. */
gboolean nfp_cli_open(const NfpCommand *command, NfpCliTarget *target, const char *ifname,
		      gboolean make, NfpDirection *ret_direction, int *ret_code);

#endif
