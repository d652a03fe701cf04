package app.avalo.gateway.filter;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The reasons behind one decision, in the order in which they were found. Only an exchange that
 * explains carries one; a live request pays a null check.
 */
public final class Explanation {
  private final List<Step> steps = new ArrayList<>();

  /**
   * One reason.
   *
   * @param subject what was decided: route, identity, limit, budget, place, region, pin ...
   * @param verdict the decision in a few words
   * @param facts what it rests on, in reading order
   */
  public record Step(String subject, String verdict, Map<String, Object> facts) {}

  public void add(String subject, String verdict, Map<String, Object> facts) {
    steps.add(new Step(subject, verdict, facts));
  }

  public List<Step> steps() {
    return List.copyOf(steps);
  }
}
