/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A YAML tree along the schema into an NfpConf. */
#ifndef NFP_CONF_WALK_H
#define NFP_CONF_WALK_H

#include "conf/conf.h"
#include "conf/errors.h"
#include "conf/yaml.h"

/* conf has its defaults. Adds an error for every fault and goes on. */
void nfp_conf_walk(const NfpYamlNode *root, NfpConf *conf, NfpConfErrors *errors);

#endif
