/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of a YAML file that are rules. Functions return 0, or -1 with a message. */
#ifndef LVSD_CONFIG_RULES_H
#define LVSD_CONFIG_RULES_H

#include "rules/rules.h"
#include "config/tree.h"

int config_settings(struct tree *tree, yaml_node_t *node, struct rules *rules);
int config_marks(struct tree *tree, yaml_node_t *node, struct rules *rules);
int config_services(struct tree *tree, yaml_node_t *node, struct rules *rules);

#endif
