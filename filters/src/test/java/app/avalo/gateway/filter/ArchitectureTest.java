package app.avalo.gateway.filter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Target;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Who may know whom, and who may write what. Plain tests: with rules as fields, Surefire counts no
 * test and misses their failures.
 */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("app.avalo.gateway");

  private static final String ROOT = "app.avalo.gateway.filter";

  /** Concerns that work side by side; only the pipeline sees more than one. */
  private static final Set<String> CONCERNS = Set.of("geo", "pin", "limit", "budget", "identity");

  @Test
  void concernsNeverImportEachOther() {
    ArchRule rule =
        slices()
            .assignedFrom(
                new SliceAssignment() {
                  @Override
                  public SliceIdentifier getIdentifierOf(JavaClass type) {
                    String rest =
                        type.getPackageName().startsWith(ROOT + ".")
                            ? type.getPackageName().substring(ROOT.length() + 1)
                            : "";
                    String concern = rest.isEmpty() ? "" : rest.split("\\.")[0];
                    return CONCERNS.contains(concern)
                        ? SliceIdentifier.of(concern)
                        : SliceIdentifier.ignore();
                  }

                  @Override
                  public String getDescription() {
                    return "concerns " + CONCERNS;
                  }
                })
            .should()
            .notDependOnEachOther();
    rule.check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    ArchRule rule = slices().matching(ROOT + ".(*)..").should().beFreeOfCycles();
    rule.check(CLASSES);
  }

  @Test
  void filtersKnowNothingOfTheProcess() {
    ArchRule rule =
        noClasses()
            .that()
            .resideInAPackage(ROOT + "..")
            .should()
            .dependOnClassesThat(
                new DescribedPredicate<>("are of the gateway module") {
                  @Override
                  public boolean test(JavaClass type) {
                    String name = type.getPackageName();
                    return name.startsWith("app.avalo.gateway")
                        && !name.startsWith(ROOT)
                        && !name.startsWith("app.avalo.gateway.config");
                  }
                });
    rule.check(CLASSES);
  }

  @Test
  void theRoadToRedisServesAllAndKnowsNone() {
    ArchRule rule =
        classes()
            .that()
            .resideInAPackage(ROOT + ".redis..")
            .should()
            .onlyDependOnClassesThat()
            .resideOutsideOfPackages(
                ROOT + ".geo..", ROOT + ".pin..", ROOT + ".limit..", ROOT + ".budget..");
    rule.check(CLASSES);
  }

  @Test
  void onlyIdentitySaysWhoCalls() {
    ArchRule rule = only("identity", "caller", Caller.class);
    rule.check(CLASSES);
  }

  @Test
  void onlySplitChoosesAmongServices() {
    ArchRule rule = only("split", "splitTo", Target.class);
    rule.check(CLASSES);
  }

  @Test
  void onlyLimitWritesVerdicts() {
    ArchRule rule = only("limit", "limits", List.class);
    rule.check(CLASSES);
  }

  @Test
  void onlyGeoPlaces() {
    ArchRule rule = only("geo", "placed", Place.class, RegionPreference.class);
    rule.check(CLASSES);
    only("geo", "placed", Place.class).check(CLASSES);
  }

  @Test
  void onlyPinPins() {
    ArchRule rule = only("pin", "pin", Pinned.class);
    rule.check(CLASSES);
  }

  @Test
  void onlyBudgetHolds() {
    ArchRule rule = only("budget", "budget", BudgetHold.class);
    rule.check(CLASSES);
  }

  /** One field of the exchange has one writer; the gateway's own test adds the forwarder. */
  private static ArchRule only(String concern, String writer, Class<?>... parameters) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "." + concern + "..")
        .should()
        .callMethodWhere(
            JavaAccess.Predicates.target(HasName.Predicates.name(writer))
                .and(
                    JavaAccess.Predicates.targetOwner(
                        HasName.Predicates.name(Exchange.class.getName())))
                .and(takes(parameters)))
        .as("only " + concern + " calls Exchange." + writer);
  }

  private static DescribedPredicate<JavaAccess<?>> takes(Class<?>... parameters) {
    List<String> names = Arrays.stream(parameters).map(Class::getName).toList();
    return new DescribedPredicate<>("takes " + names) {
      @Override
      public boolean test(JavaAccess<?> access) {
        return access.getTarget() instanceof AccessTarget.MethodCallTarget method
            && method.getRawParameterTypes().stream()
                .map(JavaClass::getName)
                .toList()
                .equals(names);
      }
    };
  }
}
