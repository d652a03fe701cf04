package app.avalo.gateway.filter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import app.avalo.gateway.config.plan.RegionPreference;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Who may know whom, and who may write what. */
@AnalyzeClasses(
    packages = "app.avalo.gateway",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String ROOT = "app.avalo.gateway.filter";

  /** Concerns that work side by side; only the pipeline sees more than one. */
  private static final Set<String> CONCERNS = Set.of("geo", "pin", "limit", "budget", "identity");

  @ArchTest
  static final ArchRule concernsNeverImportEachOther =
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

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching(ROOT + ".(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule filtersKnowNothingOfTheProcess =
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

  @ArchTest
  static final ArchRule theRoadToRedisServesAllAndKnowsNone =
      classes()
          .that()
          .resideInAPackage(ROOT + ".redis..")
          .should()
          .onlyDependOnClassesThat()
          .resideOutsideOfPackages(
              ROOT + ".geo..", ROOT + ".pin..", ROOT + ".limit..", ROOT + ".budget..");

  @ArchTest
  static final ArchRule onlyIdentitySaysWhoCalls = only("identity", "caller", Caller.class);

  @ArchTest static final ArchRule onlyLimitWritesVerdicts = only("limit", "limits", List.class);

  @ArchTest
  static final ArchRule onlyGeoPlaces = only("geo", "placed", Place.class, RegionPreference.class);

  @ArchTest static final ArchRule onlyPinPins = only("pin", "pin", Pinned.class);

  @ArchTest static final ArchRule onlyBudgetHolds = only("budget", "budget", BudgetHold.class);

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
