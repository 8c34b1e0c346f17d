#pragma once

/// Everything but CMA-ES (see <mobula/cma/minimize.hpp>).

#include <mobula/actor/actor.hpp>
#include <mobula/core/error.hpp>
#include <mobula/core/explore.hpp>
#include <mobula/core/failure.hpp>
#include <mobula/core/manual_runtime.hpp>
#include <mobula/core/runtime.hpp>
#include <mobula/core/select.hpp>
#include <mobula/future/future.hpp>
#include <mobula/future/get.hpp>
#include <mobula/future/put.hpp>
#include <mobula/future/wait.hpp>
#include <mobula/future/when_all.hpp>
#include <mobula/remote/for_each.hpp>
#include <mobula/remote/map.hpp>
#include <mobula/remote/map_options.hpp>
#include <mobula/remote/map_outcomes.hpp>
#include <mobula/remote/reduce.hpp>
#include <mobula/remote/remote.hpp>
#include <mobula/remote/stream.hpp>
#include <mobula/task/channel.hpp>
#include <mobula/task/co_invoke.hpp>
#include <mobula/task/finally.hpp>
#include <mobula/task/generator.hpp>
#include <mobula/task/group.hpp>
#include <mobula/task/sleep.hpp>
#include <mobula/task/task.hpp>
#include <mobula/task/timeout.hpp>
#include <mobula/task/when_all.hpp>
#include <mobula/task/yield.hpp>
