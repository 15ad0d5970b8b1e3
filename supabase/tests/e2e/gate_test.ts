import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { pipeline, pipelineProgram } from "./command_line.ts";
import { withProject } from "./project.ts";
import { storeExperiment } from "./store_experiment.ts";

const numbers = (count: number, first = 1) =>
  Array.from({ length: count }, (_, index) => first + index);

Deno.test("gate ends with a code for each verdict, and with 2 for everything else", () =>
  withProject(async (project) => {
    const folder = await Deno.makeTempDir();
    const gate = (...args: string[]) => pipeline(project, ["gate", ...args]);
    const policy = async (content: string) => {
      const file = join(folder, "policy.json");
      await Deno.writeTextFile(file, content);
      return file;
    };
    try {
      await storeExperiment(project, "200", { prompts: 200 });
      await storeExperiment(project, "the same", { prompts: 200 });
      const passed = await gate("200", "the same");
      assertEquals(
        [passed.code, passed.stdout],
        [
          0,
          `Gate passed: "the same" against "200"
success: passed
  difference +0.000, 95 % interval -0.010 to +0.010, prompts: 200: not worse than the margin of 0.05
exact-match: passed
  difference +0.000, 95 % interval -0.010 to +0.010, prompts: 200: not worse than the margin of 0.05
`,
        ],
        passed.stderr,
      );

      await storeExperiment(project, "3 of 200 lost", {
        prompts: 200,
        failed: [7, 8, 9],
      });
      assertEquals((await gate("200", "3 of 200 lost")).code, 0);
      const files = ["deep/gate.xml", "gate.md"].map((name) =>
        join(folder, name)
      );
      const named = await gate(
        "200",
        "3 of 200 lost",
        "--policy",
        await policy('{"maxNewlyFailed": 0}'),
        "--junit",
        files[0],
        "--comment",
        files[1],
      );
      assertEquals(named.code, 1, named.stderr);
      assertMatch(
        named.stdout,
        /newly failed: 3, at most 0 may\n +k7: prompt 7\n +→ answer\n +k8[^]*k9/,
      );
      const [xml, comment] = await Promise.all(
        files.map((file) => Deno.readTextFile(file)),
      );
      assertMatch(
        xml,
        /tests="2" failures="1"[^]*<failure .*3, at most 0 may[^]*k9: prompt 9/,
      );
      assertMatch(comment, /❌ regression[^]*`k9: prompt 9`<br>`→ answer`/);

      await storeExperiment(project, "100", {
        prompts: 100,
        failed: numbers(3),
      });
      await storeExperiment(project, "14 of 100 lost", {
        prompts: 100,
        failed: numbers(14, 50),
      });
      const lost = await gate("100", "14 of 100 lost", "--json");
      const [, { low, high }] = JSON.parse(lost.stdout).evaluators;
      assertEquals(
        [lost.code, low.toFixed(6), high.toFixed(6)],
        [1, "-0.189841", "-0.027981"],
      );

      await storeExperiment(project, "10", { prompts: 10 });
      await storeExperiment(project, "10 again", { prompts: 10, failed: [1] });
      const undecided = await gate("10", "10 again");
      assertEquals(undecided.code, 3, undecided.stderr);
      assertMatch(
        undecided.stdout,
        /undecided, about \d+ prompts would decide/,
      );

      await storeExperiment(project, "20 missing", {
        prompts: 200,
        unscored: numbers(20),
      });
      const missing = await gate("200", "20 missing");
      assertEquals(missing.code, 1, missing.stderr);
      assertMatch(
        missing.stdout,
        /interval -0\.142 to -0\.057, prompts: 200: worse than the margin/,
      );

      const approve = await pipeline(project, ["approve", "good", "200"]);
      assertEquals(approve.stdout, '"good" is experiment "200" now\n');
      assertEquals((await gate("good", "20 missing")).code, 1);

      const id = await project.startRun({
        type: "prompts",
        prompts: [{ key: "k1", text: "prompt 1" }],
      }, { experiment_name: "a run" });
      await project.untilOver(id);
      const ofRun = await gate("200", `run:${id}`, "--json");
      assertEquals(
        [ofRun.code, JSON.parse(ofRun.stdout).candidate],
        [1, "a run"],
        ofRun.stderr,
      );

      const errors: [string[], RegExp][] = [
        [["200"], /Give CANDIDATE/],
        [["200", "the smae"], /Cannot find experiment "the smae"/],
        [["200", "run:99"], /Cannot find run 99/],
        [["200", "the same", "--polcy", "x"], /--polcy/],
        [["200", "200"], /with itself/],
        [["200", "the same", "--policy", "nowhere.json"], /nowhere\.json/],
        [
          ["200", "the same", "--policy", await policy('{"margin": 0.05')],
          /Cannot use --policy/,
        ],
        [["200", "the same", "--junit", folder], /Cannot write/],
      ];
      for (const [args, message] of errors) {
        const { code, stdout, stderr } = await gate(...args);
        assertEquals([code, stdout], [2, ""], stderr);
        assertMatch(stderr, message);
      }
      const typo = await gate(
        "200",
        "the same",
        "--policy",
        await policy('{"marign": 0.05}'),
      );
      assertEquals(typo.code, 2);
      assertMatch(typo.stderr, /unknown field "marign". Its fields are margin/);
      for (
        const [name, value] of [
          ["SUPABASE_URL", "http://127.0.0.1:1"],
          ["SUPABASE_SECRET_KEY", "sb_secret_wrong"],
        ]
      ) {
        const args = ["gate", "200", "the same"];
        const refused = await pipeline(project, args, "", { [name]: value });
        assertEquals(refused.code, 2, `${name}: ${refused.stdout}`);
      }
      // As a program, too.
      const program = await pipelineProgram(project, [
        "gate",
        "200",
        "20 missing",
      ]);
      assertEquals(program.code, 1, program.stderr);
      const help = await gate("--help");
      assert(help.stdout.includes("0 pass, 1 regression"), help.stdout);
      assertMatch(
        (await pipeline(project, ["--help"])).stdout,
        /gate are its own:\s0 pass, 1 regression or worse,\s3 undecided, 2/,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }));
