// PushDrawing: draws pushes of a profile.
//
// Path: Drawing (generate.cc) -> Push -> the statements of a program.
//
// Thread safety: as Dice.
// Ownership and lifetime: borrows dice and profile.
#pragma once

#include "fuzz/engine/draw/dice.h"
#include "fuzz/engine/draw/profile.h"
#include "fuzz/engine/program/statement.h"

namespace tenter::fuzz {

class PushDrawing {
 public:
  PushDrawing(Dice& dice, const Profile& profile) : dice_(dice), profile_(profile) {}

  // The program has `vars` vars, with more than a few of which many ops use many, and `scopes`
  // scopes; most ops go through a bulk of `bulk` ops,
  // unless that is 0.
  void Plan(int vars, int scopes, int bulk) { vars_ = vars, scopes_ = scopes, bulk_ = bulk; }

  // The next op.
  Statement Push(Actor actor);

  int ops() const { return ops_; }  // so far; the last one has this number
  Type AnyType() { return static_cast<Type>(dice_.From(1, 5)); }
  int AnyVar() { return dice_.From(0, vars_ - 1); }

 private:
  bool Chance(int percent) { return dice_.Chance(percent); }
  void FewVars(Statement* s);
  void ManyVars(Statement* s);
  void Fail(Statement* s);
  void Race(Statement* s);

  Dice& dice_;
  const Profile& profile_;
  int vars_ = 1, scopes_ = 0, bulk_ = 0;
  int ops_ = 0;
};

}  // namespace tenter::fuzz
