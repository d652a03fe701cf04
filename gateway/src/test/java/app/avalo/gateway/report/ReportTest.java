package app.avalo.gateway.report;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.budget.view.BudgetMonth;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The report in its three forms. */
class ReportTest {
  private static final BudgetMonth AI =
      new BudgetMonth(
          "ai",
          "PLN",
          50_000_000_000L,
          41_250_500_000L,
          Map.of(
              "ai", 41_250_500_000L,
              "region:eu", 30_000_000_000L,
              "region:us", 11_250_500_000L,
              "tier:vip", 40_000_000_000L,
              "tier:<b>&\"", 1_250_500_000L,
              "day:01", 20_000_000_000L,
              "day:02", 21_250_500_000L));
  private static final BudgetMonth PUSH =
      new BudgetMonth(
          "push", "PLN", 0, 9_000_000_000L, Map.of("push", 9_000_000_000L, "region:eu", 9L));
  private static final BudgetMonth CHATS =
      new BudgetMonth(
          "chat",
          "XXX",
          0,
          1_200_000_000_000L,
          Map.of(
              "ai", 1_100_000_000_000L,
              "region:eu", 1_000_000_000_000L,
              "region:asia", 0L,
              "tier:vip", 100_000_000_000L,
              "day:01", 1_100_000_000_000L));
  private static final BudgetMonth NOBODY = new BudgetMonth("=call", "XXX", 0, 0, Map.of());
  private static final Report REPORT = report(List.of(AI), List.of(AI));

  private static Report report(List<BudgetMonth> budgets, List<BudgetMonth> divided) {
    List<UnitMonth> units = List.of(new UnitMonth(CHATS, divided), new UnitMonth(NOBODY, divided));
    return new Report("2026-11", "edge-1", "2026-12-01T00:10:00Z", budgets, units);
  }

  @Test
  void aDearerBudgetOfSomethingElseLeavesThePriceOfAChatAsItIs() {
    Report report = report(List.of(AI, PUSH), List.of(AI));

    JsonObject chats = ReportJson.of(report).getJsonArray("units").getJsonObject(0);
    assertThat(chats.getJsonObject("spentPerUnit").getString("PLN")).isEqualTo("0.034375");
    assertThat(chats.getJsonArray("budgets")).containsExactly("ai");
    assertThat(ReportJson.of(report).getJsonObject("totals").getString("PLN")).isEqualTo("50250.5");
    assertThat(ReportCsv.of(report)).contains("2026-11,,each,chat,0.034375,PLN,\r\n");
    assertThat(ReportPage.of(report)).contains("<td class=\"n\">0.034375 PLN<td>ai</tr>");
    assertThat(ReportPage.of(REPORT)).contains("<td class=\"n\">0.034375 PLN<td>all</tr>");
  }

  @Test
  void aUnitHasAPriceForEachServiceRegionAndTierItWasCountedFor() {
    JsonObject chats = ReportJson.of(REPORT).getJsonArray("units").getJsonObject(0);

    assertThat(chats.getJsonObject("byService").encode())
        .isEqualTo("{\"ai\":{\"count\":\"1100000\",\"spentPerUnit\":{\"PLN\":\"0.0375\"}}}");
    assertThat(chats.getJsonObject("byRegion").encode())
        .as("none in Asia, and none known in the United States")
        .isEqualTo("{\"eu\":{\"count\":\"1000000\",\"spentPerUnit\":{\"PLN\":\"0.03\"}}}");
    assertThat(chats.getJsonObject("byTier").encode())
        .isEqualTo("{\"vip\":{\"count\":\"100000\",\"spentPerUnit\":{\"PLN\":\"0.4\"}}}");
    assertThat(ReportCsv.of(REPORT).split("\r\n"))
        .contains(
            "2026-11,,count by service,chat,1100000,,ai",
            "2026-11,,each by service,chat,0.0375,PLN,ai",
            "2026-11,,count by region,chat,1000000,,eu",
            "2026-11,,each by region,chat,0.03,PLN,eu",
            "2026-11,,each by tier,chat,0.4,PLN,vip");
    assertThat(ReportPage.of(REPORT))
        .contains("<th>chat by region", "<td>eu<td class=\"n\">1,000,000<td class=\"n\">0.03 PLN")
        .contains("<th>chat by tier", "<td>vip<td class=\"n\">100,000<td class=\"n\">0.4 PLN")
        .contains("<th>chat by service")
        .doesNotContain("call by");
  }

  @Test
  void programsReadExactSums() {
    JsonObject json = ReportJson.of(REPORT);

    JsonObject budget = json.getJsonArray("budgets").getJsonObject(0);
    assertThat(budget.getString("spent")).isEqualTo("41250.5 PLN");
    assertThat(budget.getJsonObject("byRegion").encode())
        .isEqualTo("{\"eu\":\"30000\",\"us\":\"11250.5\"}");
    assertThat(budget.getJsonObject("byDay").fieldNames()).containsExactly("01", "02");
    JsonObject chats = json.getJsonArray("units").getJsonObject(0);
    assertThat(chats.getString("count")).isEqualTo("1200000");
    assertThat(chats.getJsonObject("spentPerUnit").getString("PLN")).isEqualTo("0.034375");
    assertThat(json.getJsonObject("totals").getString("PLN")).isEqualTo("41250.5");
  }

  @Test
  void aSheetHasASumALineAndNoFormula() {
    assertThat(ReportCsv.of(REPORT).split("\r\n"))
        .startsWith("month,budget,by,of,amount,currency,part", "2026-11,ai,amount,,50000,PLN,")
        .contains(
            "2026-11,ai,service,ai,41250.5,PLN,",
            "2026-11,ai,tier,\"<b>&\"\"\",1250.5,PLN,",
            "2026-11,,each,chat,0.034375,PLN,",
            "2026-11,,count,'=call,0,,");
  }

  @Test
  void aBudgetThatWasRemovedIsCalledSo() {
    Report report = report(List.of(AI, PUSH.gone()), List.of(AI));

    JsonObject removed = ReportJson.of(report).getJsonArray("budgets").getJsonObject(1);
    assertThat(removed.getBoolean("removed")).isTrue();
    assertThat(ReportJson.of(report).getJsonArray("budgets").getJsonObject(0).getBoolean("removed"))
        .isFalse();
    assertThat(ReportCsv.of(report).split("\r\n"))
        .contains("2026-11,push,removed,,1,,", "2026-11,push,spent,,9000,PLN,")
        .doesNotContain("2026-11,ai,removed,,1,,");
    assertThat(ReportPage.of(report)).contains("<td>push (removed)", "<h2>push (removed)</h2>");
  }

  @Test
  void aSumBelowZeroIsANumber() {
    BudgetMonth credited = new BudgetMonth("ai", "PLN", 9_000_000, 0, Map.of("ai", -3_500_000L));

    assertThat(ReportCsv.of(new Report("2026-11", "e", "w", List.of(credited), List.of())))
        .contains("2026-11,ai,service,ai,-3.5,PLN,\r\n");
  }

  @Test
  void aPageHoldsNoForeignMarkupAndNothingFromElsewhere() {
    String page = ReportPage.of(REPORT);

    assertThat(page)
        .contains("41,250.50 PLN", "1,200,000", "0.034375 PLN", "&lt;b&gt;&amp;&quot;")
        .doesNotContain("<b>&", "<script", "style=", "http:", "https:", "url(");
    assertThat(page.split("<svg", -1)).as("a plot, and a bar").hasSize(3);
    assertThat(page.split("fill=\"#9db8dd\"", -1)).as("two days and their bars").hasSize(3);
  }

  @Test
  void thePlotIsAsLongAsTheMonthAndSaysWhatIsOfNoDay() {
    BudgetMonth imported =
        new BudgetMonth("ai", "PLN", 9_000_000, 5_250_000, Map.of("day:30", 5_000_000L));

    String page = ReportPage.of(new Report("2026-11", "e", "w", List.of(imported), List.of()));

    assertThat(page)
        .contains("x=\"612.2\" y=\"79.6\" width=\"18.8\"", "5.00 PLN at most", "no day: 0.25 PLN.");
  }
}
