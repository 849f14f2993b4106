"""The command line of `bench`: what the engine and a model cost beside others, and what the error policies cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from tenter.console import command_line, open_console
from tenter.errors import UsageError
from tenter.house import this_house
from tenter.record import destination
from tenter.strict import StrictCommand

app = typer.Typer(rich_markup_mode="rich", no_args_is_help=True,
                  context_settings={"help_option_names": ["-h", "--help"]})

Quick = Annotated[bool, typer.Option("--quick", help="Few ops and repetitions: does it work, not how fast is it.")]
Repeats = Annotated[Optional[int], typer.Option("--repeats", min=1, help="Repetitions of every measurement. "
                                                "Default: 9 (policies: 15), and 3 with --quick.")]
Json = Annotated[Optional[Path], typer.Option("--json", metavar="FILE", callback=destination.looked_at("--json"),
                                                   help="Write the results here as well.")]
Filter = Annotated[str, typer.Option("--filter", metavar="TEXT", help="Only workloads with this text in their name.")]
_MODELS = ("ONNX files, or models by name: those of the scenarios, and ocr_rec, efficientnet_lite0_he, resnet50_he, shufflenet_he, "
           "densenet121_he, inception_v2_he, vgg19_he (6 to 575 MB each, made when they are asked for). Default: those of the scenarios, "
           "in models/.")
Out = Annotated[Optional[Path], typer.Option("--out", metavar="DIR", help="Where the folder goes. Default: out/")]


@app.callback()
def bench() -> None:
    """Measure engine and models in the flavour release, and write figures with the machine that they come from.

    A figure says something on an idle machine only: the load before and after is written beside it.
    """


@app.command(cls=StrictCommand)
def engine(
    quick: Quick = False, repeats: Repeats = None, filter: Filter = "", json: Json = None, out: Out = None,  # noqa: A002
    peers: Annotated[Optional[bool], typer.Option(
        "--peers/--no-peers", help="With --peers the package of MXNet 1.9.1 is fetched first (154 MB unpacked, without "
        "its dependencies); with --no-peers only our engine runs. Default: the peers that are there.")] = None,
) -> None:
    """Measure ns per op of our engine beside MXNet 1.9.1, oneTBB and a plain pool, and say which goals are met.

    All engines run the same programs in turn within each repetition. The table shows minimum and median, the push
    side and the completion side, and how many times dearer each peer is. Peers that are not there are named with the
    reason. Results: out/<date>-<time>-bench/ with bench.md, bench.json and the raw series of each process.

    [dim]Examples:[/dim]
      ./tenter bench engine --peers                 all rows, all peers: about a minute
      ./tenter bench engine --quick                 a few seconds: does everything run?
      ./tenter bench engine --filter chain          the chains alone
      ./tenter bench engine --filter "round trip" --repeats 30
    """
    from tenter.bench import engine as verb
    verb.run(verb.Request(quick, repeats, filter, peers, json, out, command_line()), this_house(), open_console())


@app.command(cls=StrictCommand)
def model(
    files: Annotated[Optional[list[Path]], typer.Argument(metavar="[MODEL ...]", show_default=False, help=_MODELS)] = None,
    quick: Quick = False, repeats: Annotated[Optional[int], typer.Option(
        "--repeats", min=1, help="Rounds, in each of which all contenders run once. Default: 15, and 3 with --quick.")] = None,
    json: Json = None, out: Out = None,
    peers: Annotated[Optional[bool], typer.Option(
        "--peers/--no-peers", help="With --peers the package of OpenVINO is fetched first (184 MB unpacked, without its dependencies); "
        "with --no-peers only our runtime runs. Default: the peers that are there; ONNX Runtime is.")] = None,
    clients: Annotated[Optional[list[int]], typer.Option(
        "--clients", min=1, max=1024, help="So many ask at once; may be given again. Default: 1, 2 and 8.", show_default=False)] = None,
    rate: Annotated[Optional[int], typer.Option(
        "--rate", min=1, max=1_000_000, metavar="PER_S", help="Also ask at this rate, whatever the answers take (open loop), by as many "
        "clients as the largest --clients.")] = None,
    input_shape: Annotated[Optional[list[str]], typer.Option(
        "--input-shape", metavar="NAME=1,3,48,192", help="Shape of an input whose dimensions are open; may be given again. Default: that "
        "of the recipe, and 1 for the first and 64 for every other one that is open.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the inputs, and of the order in which contenders take turns.")] = 1,
    threads: Annotated[int, typer.Option("--threads", min=1, max=64, help="That one request may use, of each contender. With several "
                                         "one client asks, and each round is judged by its fastest answer.")] = 1,
    profile: Annotated[bool, typer.Option("--profile", help="Instead of all that: where the time of one answer goes, by node, as each of the "
                                          "contenders tells it.")] = False,
) -> None:
    """Measure load, latency, throughput and memory of models beside ONNX Runtime and OpenVINO, and say which goals are met.

    All contenders run in one process and take turns in blocks, in a random order, on one thread for each request that runs, or on as
    many as --threads says. Every answer is compared while it is measured: with the first one of the same contender (of ours bit by
    bit), and between the contenders within 1e-5 + 1e-3 of the value. A wrong one ends the verb with 1 and without figures. Time and memory of the load come from a
    process for each contender. Results: out/<date>-<time>-bench-model/ with bench.md, bench.json and the raw series of each process.

    With --profile a model that is slower than with ONNX Runtime or OpenVINO tells in which nodes: our steps stand beside the profiles
    that both keep themselves, by kind of node and for the nodes on which ours loses most. Results: out/<date>-<time>-bench-profile/.

    [dim]Examples:[/dim]
      ./tenter bench model --peers                          the models of this checkout beside all peers: two minutes
      ./tenter bench model models/ocr_cls.onnx --quick      does it run, and does everybody answer the same?
      ./tenter bench model resnet50_he --peers              a published topology, which is made first: 102 MB
      ./tenter bench model net.onnx --input-shape x=1,3,224,224 --clients 1 --clients 64
      ./tenter bench model net.onnx --rate 200              and the latency when 200 questions come each second
      ./tenter bench model net.onnx --threads 2             and with two threads for each request
      ./tenter bench model net.onnx --profile --peers       in which nodes is it slower?
    """
    from tenter.bench import model as verb, profile as profile_verb
    from tenter.plan import input_shapes
    if profile and (clients or rate):
        raise UsageError(f"--profile looks at one answer after the other: leave --{'clients' if clients else 'rate'} out")
    if profile and threads > 1:
        raise UsageError("--profile looks at one thread: leave --threads out")
    shapes = input_shapes.as_text(input_shape or [], "./tenter bench model --help")
    asked = tuple(dict.fromkeys(clients or (verb.CLIENTS if threads == 1 else ())))
    (profile_verb if profile else verb).run(verb.Request(tuple(files or ()), quick, repeats, asked, rate, shapes, seed, peers, json,
                          out, command_line(), threads), this_house(), open_console())


@app.command(cls=StrictCommand)
def sharing(
    files: Annotated[Optional[list[Path]], typer.Argument(metavar="[MODEL ...]", show_default=False, help=_MODELS)] = None,
    quick: Quick = False, repeats: Annotated[Optional[int], typer.Option(
        "--repeats", min=1, help="Processes for each way and number in flight. Default: 5, and 1 with --quick.")] = None,
    json: Json = None, out: Out = None,
    peers: Annotated[Optional[bool], typer.Option(
        "--peers/--no-peers", help="With --peers the package of OpenVINO is fetched first (184 MB unpacked, without its dependencies); "
        "with --no-peers only our runtime runs. Default: the peers that are there; ONNX Runtime is.")] = None,
    in_flight: Annotated[Optional[list[int]], typer.Option(
        "--in-flight", min=1, max=1024, help="So many requests at once; may be given again, and 1 is always measured. Default: 1, 2, 8, 64, "
        "256 and 1000.", show_default=False)] = None,
    input_shape: Annotated[Optional[list[str]], typer.Option(
        "--input-shape", metavar="NAME=1,3,48,192", help="Shape of an input whose dimensions are open; may be given again. Default: that "
        "of the recipe, and 1 for the first and 64 for every other one that is open.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the inputs, and of the order of the processes.")] = 1,
) -> None:
    """Measure the ways in which threads share a model: memory and time with 1 to 1,000 requests in flight, and which goals are met.

    The ways: one cached op for all callers, kept busy by four threads that ask ahead; the same with a thread per request, which
    waits; an op per caller, of one model; a model per caller; a process per request, up to 8; ONNX Runtime and OpenVINO with one session for all, and with one per caller. Each runs in
    a process of its own for each number in flight and repetition. What would need more than half of the free memory, more threads than
    1,024 or minutes is left out, and the table says why. Every answer is compared with the first one of the same way (of ours bit by
    bit): differences are counted, and end the verb with 1 after the figures. Results: out/<date>-<time>-bench-sharing/ with bench.md,
    bench.json and the raw series of each process.

    [dim]Examples:[/dim]
      ./tenter bench sharing squeezenet_he --quick                   does it run, and what is left out? about a minute
      ./tenter bench sharing --peers                                 the models of this checkout, all ways: an hour
      ./tenter bench sharing resnet50_he --in-flight 8 --no-peers    eight callers of a large model, our own ways alone
    """
    from tenter.bench import sharing as verb
    from tenter.plan import input_shapes
    shapes = input_shapes.as_text(input_shape or [], "./tenter bench sharing --help")
    verb.run(verb.Request(tuple(files or ()), quick, repeats, tuple(in_flight or ()), shapes, seed, peers, json, out, command_line()),
             this_house(), open_console())


@app.command(cls=StrictCommand)
def policies(
    quick: Quick = False, repeats: Repeats = None, filter: Filter = "", json: Json = None, out: Out = None,  # noqa: A002
    curate: Annotated[bool, typer.Option("--curate", help="Write reports/curated/error-policies.md as well.")] = False,
) -> None:
    """Compare the two error policies: skip the dependents of a failed op (ERR-3), or run them all the same (ERR-8).

    Both get the same programs with the same failing ops (none, 0.1 %, 1 %, 10 %), in turn. The report shows what each
    costs without failures, and with failures the time, the wasted ops and the failures reported.

    [dim]Examples:[/dim]
      ./tenter bench policies                       about half a minute
      ./tenter bench policies --curate              and replace the curated report
      ./tenter bench policies --filter networks     one shape of programs
    """
    from tenter.bench import policies as verb
    verb.run(verb.Request(quick, repeats, filter, json, out, curate, command_line()), this_house(), open_console())
