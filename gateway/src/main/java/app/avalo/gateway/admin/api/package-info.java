/**
 * What operators can ask and order under {@code /admin}: one type per subject, each turning live
 * state into JSON whose shape outlives a release. Runs on the admin port's loop; what belongs to
 * the control loop is asked there. Start at {@link app.avalo.gateway.admin.api.Controls}.
 */
@NullMarked
package app.avalo.gateway.admin.api;

import org.jspecify.annotations.NullMarked;
