/* SPDX-License-Identifier: Apache-2.0 */
package pangolin.kit;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Every test's outcome, and what they add up to. */
final class Results implements TestExecutionListener {
  private enum Outcome {
    PASS,
    FAIL,
    SKIP
  }

  private record Row(String suite, String test, Outcome outcome, long ms, String reason) {}

  private final List<Row> rows = new ArrayList<>();
  private final Map<String, Long> started = new ConcurrentHashMap<>();
  private TestPlan plan;

  /** Prints the failures and the counts. True when the failures are those expected. */
  boolean report(PrintStream to, Set<String> known, double seconds) {
    boolean good = !rows.isEmpty();

    to.println();
    for (Row r : rows) {
      boolean isKnown = known.contains(r.test());
      if (r.outcome() == Outcome.FAIL) {
        to.printf("%s %s  %s%n", isKnown ? "KNOWN" : "FAIL ", r.test(), r.reason());
        good &= isKnown;
      } else if (r.outcome() == Outcome.PASS && isKnown) {
        to.printf("FAIL  %s passes: take it off the list of known failures%n", r.test());
        good = false;
      } else if (r.outcome() == Outcome.SKIP) {
        to.printf("skip  %s  %s%n", r.test(), r.reason());
      }
    }
    to.printf(
        Locale.ROOT,
        "note: %d of %d tests of the kit pass, %.1f s%n",
        count(Outcome.PASS),
        rows.size(),
        seconds);
    to.printf(
        "%d passed, %d failed, %d skipped%n",
        count(Outcome.PASS),
        count(Outcome.FAIL),
        count(Outcome.SKIP));
    return good;
  }

  /** One line a test, tab-separated. */
  List<String> lines() {
    List<String> lines = new ArrayList<>(List.of("suite\ttest\toutcome\tms\treason"));
    for (Row r : rows) {
      lines.add(
          String.join(
              "\t", r.suite(), r.test(), r.outcome().name(), String.valueOf(r.ms()), r.reason()));
    }
    return lines;
  }

  private long count(Outcome outcome) {
    return rows.stream().filter(r -> r.outcome() == outcome).count();
  }

  @Override
  public void testPlanExecutionStarted(TestPlan testPlan) {
    plan = testPlan;
  }

  @Override
  public void executionStarted(TestIdentifier id) {
    started.put(id.getUniqueId(), System.nanoTime());
  }

  @Override
  public void executionSkipped(TestIdentifier id, String reason) {
    below(id).forEach(t -> add(t, Outcome.SKIP, oneLine(reason)));
  }

  @Override
  public void executionFinished(TestIdentifier id, TestExecutionResult result) {
    String why = result.getThrowable().map(Results::describe).orElse("");
    if (id.isTest()) {
      switch (result.getStatus()) {
        case SUCCESSFUL -> add(id, Outcome.PASS, "");
        case ABORTED -> add(id, Outcome.SKIP, why);
        case FAILED -> add(id, Outcome.FAIL, why);
      }
      return;
    }
    /* a class that fails while it is set up never starts its tests: each counts */
    switch (result.getStatus()) {
      case SUCCESSFUL -> {}
      case ABORTED -> unstarted(id).forEach(t -> add(t, Outcome.SKIP, why));
      case FAILED -> unstarted(id).forEach(t -> add(t, Outcome.FAIL, "set-up: " + why));
    }
  }

  private List<TestIdentifier> below(TestIdentifier id) {
    if (id.isTest()) {
      return List.of(id);
    }
    return plan.getDescendants(id).stream().filter(TestIdentifier::isTest).toList();
  }

  private List<TestIdentifier> unstarted(TestIdentifier id) {
    return below(id).stream().filter(t -> !started.containsKey(t.getUniqueId())).toList();
  }

  private void add(TestIdentifier id, Outcome outcome, String why) {
    Long since = started.get(id.getUniqueId());
    long ms = since == null ? 0 : (System.nanoTime() - since) / 1_000_000;
    String shown = id.getDisplayName().replaceAll("\\([^)]*\\)$", "");
    String method =
        id.getSource()
            .filter(MethodSource.class::isInstance)
            .map(s -> ((MethodSource) s).getMethodName())
            .orElse(shown);
    String name = method.equals(shown) ? method : method + " " + id.getDisplayName();
    rows.add(new Row(suite(id), name, outcome, ms, why));
  }

  private static String suite(TestIdentifier id) {
    Object source = id.getSource().orElse(null);
    String name =
        source instanceof MethodSource m
            ? m.getClassName()
            : source instanceof ClassSource c ? c.getClassName() : id.getDisplayName();
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String describe(Throwable t) {
    for (StackTraceElement e : t.getStackTrace()) {
      if (e.getClassName().endsWith("CatalogTests")) {
        return String.format(
            "%s: %s @%s:%d",
            t.getClass().getSimpleName(),
            oneLine(t.getMessage()),
            e.getFileName(),
            e.getLineNumber());
      }
    }
    return t.getClass().getSimpleName() + ": " + oneLine(t.getMessage());
  }

  private static String oneLine(String s) {
    String one = s == null ? "" : s.replaceAll("\\s+", " ").strip();
    return one.length() > 400 ? one.substring(0, 400) + "..." : one;
  }
}
