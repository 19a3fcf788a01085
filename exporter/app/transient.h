/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances that live as long as one command does: "<purpose>-<pid>". */
#ifndef NFP_APP_TRANSIENT_H
#define NFP_APP_TRANSIENT_H

#include "conf/conf.h"

/* A name for this process, once those of commands that were killed are removed. Caller frees. */
char *nfp_transient_begin(const NfpConf *conf, const char *purpose);
/* Removes programs, links and maps. */
void nfp_transient_end(const NfpConf *conf, const char *instance);

#endif
