// The names of the sentences that travel in this order.

export const KEYS = (
  "read who individual organisation name name_hint email email_hint meant country country_hint rather_not " +
  "organisation_name organisation_country website role optional objectives translated only_original contributions " +
  "experience resources knowledge next privacy privacy_link send sending failed too_many_requests statement_upcoming statement_closed " +
  "elsewhere sent sent_to nothing nothing_spam nothing_wrong again first more error error_required error_too_long " +
  "error_name_characters error_name_link error_email_invalid error_website_invalid"
).split(" ");
