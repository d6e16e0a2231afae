#ifndef ACODE_CLIBYAML_SHIM_H
#define ACODE_CLIBYAML_SHIM_H

#include <yaml.h>

#endif
