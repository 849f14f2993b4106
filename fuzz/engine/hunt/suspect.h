// Suspect: which contract a hang or a crash breaks, as far as the program tells. It is a guess,
// since nobody saw what went wrong.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "fuzz/engine/program/program.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz {

std::string ContractOfHang(const Program& program);
std::string ContractOfCrash(const Program& program);
// Fills in the contract of a finding of a process that did not live to name it.
void NameContract(const Program& program, Finding* finding);

}  // namespace tenter::fuzz
